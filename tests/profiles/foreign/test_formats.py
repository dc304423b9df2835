"""The formats, and how a file's is found out."""

from pathlib import Path

import pytest

from termai.errors import InvalidFileError, UsageError
from termai.profiles.foreign import NAMES, detect, format_named, formats, read
from termai.profiles.foreign.base import TEXT_LIMIT, Source


def test_each_format_is_called_as_it_says() -> None:
    assert [one.name for one in formats()] == list(NAMES)
    assert all(
        (one.title and one.suffix.startswith(".")) or one.name == "ollama" for one in formats()
    )


def test_suffixes_lead_to_one_format() -> None:
    seen: dict[str, str] = {}
    for one in formats():
        for suffix in one.suffixes:
            assert seen.setdefault(suffix, one.name) == one.name
            assert suffix == suffix.lower()


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.kcpps", "{}", "koboldcpp"),
        ("A.KCPPT", "{}", "koboldcpp"),
        ("a.preset.json", "{}", "lm-studio"),
        ("Modelfile", "FROM x", "ollama"),
        ("a.ini", "", "llama-router"),
        ("a.yml", "", "llama-swap"),
        ("a.toml", "", "termai"),
        ("run.sh", "", "llama-server"),
        ("unknown", "FROM llama3\nPARAMETER num_ctx 4096\n", "ollama"),
        ("unknown", '{"contextsize": 4096, "model_param": "x"}', "koboldcpp"),
        ("unknown.txt", "llama-server -m x", "llama-server"),
        ("unknown", "[*]\nc = 1\n[a]\nmodel = x\n", "llama-router"),
        ("unknown", "models:\n  a:\n    cmd: llama-server\n", "llama-swap"),
        ("unknown", 'schema = 1\n[model]\npath = "x"\n', "termai"),
    ],
)
def test_a_file_is_known_by_its_name_or_its_text(name: str, text: str, found: str) -> None:
    assert detect(Source(text, Path("/x") / name)).name == found


def test_what_is_none_of_them_names_what_was_looked_for() -> None:
    with pytest.raises(InvalidFileError, match=r"/x/a\.bin is none of") as caught:
        detect(Source("hello", Path("/x/a.bin")))
    for name in NAMES:
        assert f"({name})" in caught.value.message


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean koboldcpp"):
        format_named("koboldcp")


def test_a_huge_text_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidFileError, match="longer than"):
        read(Source("x" * (TEXT_LIMIT + 1)), "llama-server")
