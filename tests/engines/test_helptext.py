"""What a program's --help, --version and --list-devices say."""

import subprocess

import pytest

from termai.engines.base import OptionHelp
from termai.engines.helptext import (
    is_complete,
    parse_devices,
    parse_help,
    parse_removed,
    parse_version,
)
from tests.fakes import old_llama_server
from tests.support import native_bin

HELP = """\
----- common params -----

-h,    --help, --usage                  print usage and exit
-c,    --ctx-size N                     size of the prompt context (default: 0)
                                        (env: LLAMA_ARG_CTX_SIZE)
-fa,   --flash-attn [on|off|auto]       set Flash Attention use
--spec-draft-override-tensor, -otd, --override-tensor-draft <tensor name pattern>=<buffer type>,...
                                        override tensor buffer type for draft model
--jinja, --no-jinja                     whether to use jinja template engine for chat
--draft, --draft-n, --draft-max N       the argument has been removed. use --spec-draft-n-max or
                                        --spec-ngram-mod-n-max


----- sampling params -----

-lm,   --load-mode MODE                 model loading mode (default: auto)
                                        - none: no special loading mode
                                        - mmap: memory-map model
--dry-base N                            set DRY sampling base value
"""


def test_every_spelling_of_a_flag_is_found_with_what_it_takes() -> None:
    found = parse_help(HELP)
    assert found["-c"] == found["--ctx-size"]
    assert found["-c"].takes == "N"
    assert found["--usage"].takes == ""
    assert found["--flash-attn"] == OptionHelp("[on|off|auto]", "set Flash Attention use")
    assert found["-otd"].takes == "<tensor name pattern>=<buffer type>,..."
    assert found["--no-jinja"].takes == ""


def test_the_text_of_a_flag_runs_over_several_lines_and_stops_at_the_next_one() -> None:
    text = parse_help(HELP)["-lm"].text
    assert text.endswith("- mmap: memory-map model")
    assert "dry" not in text


def test_a_flag_that_the_help_calls_removed_is_not_known() -> None:
    found = parse_help(HELP)
    assert not found.keys() & {"--draft", "--draft-n", "--draft-max"}
    assert "--spec-ngram-mod-n-max" not in found


def test_a_removed_flag_is_kept_with_its_successors_that_are_there() -> None:
    text = HELP + "--spec-draft-n-max N    tokens to draft\n--spec-ngram-mod-n-max N  tokens\n"
    both = ("--spec-draft-n-max", "--spec-ngram-mod-n-max")
    assert parse_removed(text) == dict.fromkeys(("--draft", "--draft-n", "--draft-max"), both)
    assert parse_removed(HELP)["--draft"] == ()


def test_a_help_that_was_written_by_hand_may_leave_flags_out() -> None:
    assert is_complete(HELP)
    assert is_complete(old_llama_server.usage())
    by_hand = "usage: ./server [options]\n\noptions:\n  -h, --help   show this help\n"
    assert not is_complete(by_hand + "----- not a heading\n")


def test_an_asterisk_stands_for_every_flag_that_fits() -> None:
    text = """\
--spec-ngram-size-n N    the argument has been removed. use the respective --spec-ngram-*-size-n
--spec-ngram-simple-size-n N    length of the lookup
--spec-ngram-map-k-size-n N     length of the lookup
--spec-ngram-map-k-size-m N     length of the draft
"""
    assert parse_removed(text) == {
        "--spec-ngram-size-n": ("--spec-ngram-simple-size-n", "--spec-ngram-map-k-size-n")
    }


def test_the_real_binary_names_the_successors_of_what_it_removed() -> None:
    program = native_bin("llama-server")
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    removed = parse_removed(text)
    assert removed["--draft-max"] == ("--spec-draft-n-max", "--spec-ngram-mod-n-max")
    assert "--spec-ngram-simple-size-n" in removed["--spec-ngram-size-n"]
    assert {flag for named in removed.values() for flag in named} <= parse_help(text).keys()


def test_the_help_of_the_real_binary_is_read_whole() -> None:
    program = native_bin("llama-server")
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    heads = [line for line in text.splitlines() if line.startswith("-") and "-----" not in line]
    found = parse_help(text)
    removed = text.count("the argument has been removed")
    firsts = {line.split(maxsplit=1)[0].rstrip(",") for line in heads}
    assert len(firsts - found.keys()) == removed
    assert found["--model"].takes == "FNAME"
    assert found["--host"].takes == "HOST"


def test_the_help_of_an_older_build_is_read_whole() -> None:
    found = parse_help(old_llama_server.usage())
    for flags, takes, text in old_llama_server.FLAGS:
        for flag in flags.split(", "):
            assert found[flag] == OptionHelp(takes, text)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            "version: 0.5.0-dev (build 1, commit 0c1e570)\nbuilt with",
            "0.5.0-dev (build 1, commit 0c1e570)",
        ),
        ("version: 4417 (46e3556e)\nbuilt with cc", "4417 (46e3556e)"),
        ("load_backend: loaded CPU backend\nversion: 6000 (abc)\n", "6000 (abc)"),
        ("", ""),
    ],
)
def test_the_version_is_what_follows_the_word(text: str, version: str) -> None:
    assert parse_version(text) == version


def test_gpu_devices_are_listed_and_others_are_not() -> None:
    text = """\
ggml_cuda_init: found 1 CUDA devices:
  Device 0: NVIDIA GeForce RTX 3060, compute capability 8.6, VMM: yes
Available devices:
  CUDA0: NVIDIA GeForce RTX 3060 (12036 MiB, 11810 MiB free)
  Vulkan1: Intel(R) Arc(tm) A770 (16225 MiB, 15000 MiB free)
  BLAS: OpenBLAS (0 MiB, 0 MiB free)
"""
    assert parse_devices(text) == {
        "CUDA0": "NVIDIA GeForce RTX 3060",
        "Vulkan1": "Intel(R) Arc(tm) A770",
    }
    assert parse_devices("Available devices:\n  (none)\n") == {}
