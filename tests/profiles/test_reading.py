"""A mistake in a profile is named with file, line, key and what was expected."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.profiles.profile import Profile
from termai.profiles.reading import can_keep, keys_of, read_profile
from termai.profiles.schema import Adapter
from termai.text import one_line
from termai.tomlfile import new_text, parse

FILE = Path("/profiles/mine.toml")

WHOLE = """\
schema = 1
description = "Everything a profile can hold"
engine = "llama-server"

[model]
path = "publisher/model/file.gguf"
lora = [
  { path = "style.gguf", scale = 0.8 },
  { path = "other.gguf" },
]

[load]
n_gpu_layers = "auto"
tensor_split = [3, 1.5]

[chat]
system_prompt = \"\"\"
Answer
[briefly].
\"\"\"

[args]
llama-server = ["--slot-prompt-similarity", "0.2"]

[env]
CUDA_VISIBLE_DEVICES = "0"
"""


def _read(text: str) -> Profile:
    return read_profile("mine", parse(text, FILE), shipped=False, revision="r")


def _failure(text: str) -> InvalidFileError:
    with pytest.raises(InvalidFileError) as caught:
        _read(text)
    return caught.value


def test_everything_a_profile_can_hold_is_read() -> None:
    profile = _read(WHOLE)
    assert profile.engine == "llama-server"
    assert profile.value("lora") == (Adapter("style.gguf", 0.8), Adapter("other.gguf", 1.0))
    assert profile.value("tensor_split") == (3.0, 1.5)
    assert profile.value("system_prompt") == "Answer\n[briefly].\n"
    assert profile.args == {"llama-server": ("--slot-prompt-similarity", "0.2")}
    assert profile.env == {"CUDA_VISIBLE_DEVICES": "0"}
    assert profile.value("ctx_size") == 0
    assert not profile.is_set("ctx_size")


def test_what_was_read_is_written_back_the_same() -> None:
    profile = _read(WHOLE)
    assert _read(new_text(keys_of(profile))) == profile


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        ("[load]\nctx_size = 1\nctxsize = 2", 3, "load.ctxsize: unknown", "Did you mean ctx_size?"),
        ("[load]\nctx_size = '1'", 2, "load.ctx_size: expected a whole number", ""),
        ("[server]\nctx_size = 1", 2, "server.ctx_size: expected below [load]", "Move it there."),
        ("ctx_size = 1", 1, "ctx_size: expected below [load]", "Move it there."),
        (
            "\n[lode]\nx = 1",
            2,
            "lode: unknown, expected a table or a key",
            "Did you mean load or model?",
        ),
        ("load = 5", 1, "load: expected a table [load], found 5", ""),
        ("[[load]]\nctx_size = 1", 1, "load: expected a table [load], found a list of 1", ""),
        ("engine = 'kobold'", 1, "engine: expected one of auto, llama-server", ""),
        ("engine = ['auto']", 1, "engine: expected one of auto", ""),
        ("description = 'a\\u001bb'\n[chat]\nx=1", 3, "chat.x: unknown", "Known here: system_"),
        ('description = "a\\nb"', 1, "description: expected a text on one line", ""),
        ("[args]\nllamaserver = []", 2, "args.llamaserver: unknown", "Did you mean llama-server?"),
        ("[args]\nllama-server = '-x'", 2, "args.llama-server: expected a list of texts", ""),
        ("[args]\nllama-server = ['--api-key=x']", 2, "expected no --api-key", "Put the key into"),
        ("[env]\nA = 1", 2, "env.A: expected a text in quotes, found 1", ""),
        ("[env]\n'A=B' = 'x'", 2, "env.A=B: expected the name of an environment variable", ""),
        ("schema = 2", 1, "schema: expected 1, found 2", "A newer termai"),
        ("schema = true", 1, "schema: expected 1, found true", "A newer termai"),
        ("[model]\nlora = [\n 'a',\n]", 2, 'found "a" in it', ""),
        ("a = 1\na = 2", 2, "not valid TOML: Cannot overwrite a value", "The file was left"),
        ("[load", 1, "not valid TOML", "The file was left"),
    ],
)
def test_a_mistake_names_file_line_key_and_expectation(
    text: str, line: int, message: str, fix: str
) -> None:
    error = _failure(text)
    assert error.message.startswith(f"{FILE}, line {line}: ")
    assert message in error.message
    assert error.fix.startswith(fix)


def test_every_further_mistake_is_a_line_of_detail() -> None:
    error = _failure("[load]\nctx_size = true\n[server]\nport = 0\n[chat]\nreasoning = 'maybe'\n")
    assert "load.ctx_size" in error.message
    assert [one for one in error.detail if "line 4: server.port: expected" in one]
    assert [one for one in error.detail if "line 6: chat.reasoning: expected one of" in one]


def test_a_key_with_escape_sequences_reaches_no_terminal() -> None:
    error = _failure('[load]\n"\\u001b]0;gotcha\\u0007x" = 1\n')
    assert one_line(error.message) == error.message


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        ("'--api-key', 'hunter2'", "api_key_file"),
        ("'--api_key=hunter2'", "api_key_file"),
        ("'--hf_token', 'hunter2'", "HF_TOKEN"),
        ("'-hft', 'hunter2'", "HF_TOKEN"),
    ],
)
def test_a_secret_in_the_arguments_is_refused_and_not_repeated(
    arguments: str, instead: str
) -> None:
    error = _failure(f"[args]\nllama-server = [{arguments}]")
    assert "read a program's arguments" in str(error)
    assert instead in error.fix
    assert "hunter2" not in str(error)


def test_empty_values_are_not_set() -> None:
    profile = _read("[model]\npath = ''\nlora = []\n[server]\napi_key_file = ''")
    assert profile.values == {}


@given(st.text(st.sampled_from("[]{}=.,\"'#\\ \nabc10-_\r\t"), max_size=60))
def test_any_text_is_a_profile_or_an_invalid_file(text: str) -> None:
    try:
        _read(text)
    except InvalidFileError as error:
        assert str(FILE) in error.message  # noqa: PT017


@pytest.mark.parametrize(
    "text", ["\x00", "a\x1bb", "\x0b", "\x0c", "\ud800", "x" * 65_537, 1, None]
)
def test_what_cannot_be_kept_is_told_beforehand(text: object) -> None:
    assert not can_keep(text)


@pytest.mark.parametrize("text", ["", "\r\n\t", "\x7f\x85\x9b", "x" * 65_536, "\u2028"])
def test_what_json_allows_can_be_kept(text: str) -> None:
    assert can_keep(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[kept]\nkoboldcpp = 'x'", "line 2: kept.koboldcpp: expected a table of at most 512"),
        ("[kept.koboldcpp]\nquiet = true", "line 2: kept.koboldcpp.quiet: expected a text"),
        ("kept = 1", "line 1: kept: expected a table"),
    ],
)
def test_what_is_kept_wrongly_is_named(text: str, message: str) -> None:
    assert message in _failure(text).message
