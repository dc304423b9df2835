"""Preset files of llama.cpp's router."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.profiles.foreign import detect, format_named, read
from termai.profiles.foreign.base import Source, Wanted

PRESETS = """version = 1

; for all
[*]
c = 8192
n-gpu-layers = 8
load-on-startup = true

[ggml-org/MY-MODEL-GGUF:Q8_0]
chat-template = chatml  ; comment
n-gpu-layers = 123
jinja = true
LLAMA_ARG_CACHE_RAM = 0
no-mmap = true
metrics = false
context-shift = off
sps = 0.5
model-draft = /m/draft.gguf

[custom_model]
model = /m/custom.gguf
fa = on
api-key = hunter2
"""


def test_each_section_is_a_profile_with_what_holds_for_all() -> None:
    source = Source(PRESETS)
    assert detect(source).name == "llama-router"
    hub, custom = read(source)
    assert hub.profile.values == {
        "ctx_size": 8192,
        "n_gpu_layers": 123,
        "chat_template": "chatml",
        "cache_ram": 0,
        "mmap": False,
        "context_shift": False,
        "model_draft": "/m/draft.gguf",
        "path": "hub:ggml-org/MY-MODEL-GGUF:Q8_0",
        "alias": "ggml-org/MY-MODEL-GGUF:Q8_0",
    }
    assert hub.profile.args == {"llama-server": ("-sps", "0.5")}
    assert hub.profile.kept == {"llama-router": {"load-on-startup": "true"}}
    assert hub.left[0].kept
    assert custom.profile.name == "custom_model"
    assert custom.profile.values == {
        "ctx_size": 8192,
        "n_gpu_layers": 8,
        "path": "/m/custom.gguf",
        "flash_attn": "on",
    }
    assert [left.key for left in custom.left] == ["load-on-startup", "--api-key"]
    assert "hunter2" not in repr(custom)


def test_what_only_the_router_knows_goes_back_to_it() -> None:
    write = format_named("llama-router").write
    assert write
    first = read(Source(PRESETS))[0].profile
    assert "load-on-startup = true" in write(first, Wanted()).text
    assert read(Source(write(first, Wanted()).text))[0].profile == first


def test_what_holds_for_all_alone_is_one_profile(tmp_path: Path) -> None:
    (found,) = read(Source("c = 1\n", tmp_path / "mine.ini"))
    assert found.profile.name == "mine"
    assert found.profile.values == {"ctx_size": 1}
    assert found.notes == ("No model is named: set path under [model].",)


def test_a_path_beside_the_file_becomes_absolute(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").touch()
    (found,) = read(Source("[a]\nmodel = ./a.gguf\n", tmp_path / "p.ini"))
    assert found.profile.values["path"] == str(tmp_path / "a.gguf")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]\nc 1\n", r"line 2: expected \[SECTION\], KEY = VALUE or a comment, found 'c 1'"),
        ("[a\nc = 1\n", "line 1: expected"),
        ("", "expected a section for each model"),
        ("version = 1\n", "expected a section for each model"),
        ("[a]\n" + "".join(f"k{i} = 1\n" for i in range(2000)), "at most"),
        ("".join(f"[{i}]\n" for i in range(2000)), "at most"),
    ],
)
def test_what_is_no_preset_file_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InvalidFileError, match=message):
        read(Source(text), "llama-router")


@pytest.mark.parametrize(
    ("line", "key", "why"),
    [
        ("c = many", "--c", "whole number"),
        ("ctx-size = -5", "--ctx-size", "0 to"),
        ("fa = maybe", "--fa", "auto"),
        ("port =", "--port", "whole number"),
    ],
)
def test_a_wrong_value_is_left_with_what_was_expected(line: str, key: str, why: str) -> None:
    (found,) = read(Source(f"[a]\nmodel = x\n{line}\n"), "llama-router")
    assert [left.key.lstrip("-") for left in found.left] == [key.lstrip("-")]
    assert why in found.left[0].why


@given(st.text(st.sampled_from("ab-=[]*;# \n01."), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read(Source(text), "llama-router")
    except InvalidFileError:
        return
    assert found


def test_what_a_section_of_the_same_name_replaces_is_listed() -> None:
    text = "[m1]\nmodel = /a.gguf\nc = 1\nc = 2\napi-key = SECRET\n[m1]\nctx-size = 5\n"
    (found,) = read(Source(text), "llama-router")
    assert found.profile.values == {"ctx_size": 5}
    lost = [(left.key, left.value) for left in found.left]
    assert lost == [
        ("[m1] c", "1"),
        ("[m1] model", "/a.gguf"),
        ("[m1] c", "2"),
        ("[m1] api-key", "(hidden)"),
    ]
    assert "line 2" in found.left[1].why


def test_what_is_lost_counts_towards_the_limit() -> None:
    text = "[a]\nc = 1\n" * 3000
    with pytest.raises(InvalidFileError, match="at most"):
        read(Source(text), "llama-router")
