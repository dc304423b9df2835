"""Units of systemd: what is the server's comes over, what is the unit's is listed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.engines import scripts
from termai.errors import InvalidFileError
from termai.profiles.foreign import detect, read
from termai.profiles.foreign.base import Imported, Source
from termai.profiles.foreign.systemd_unit import parse

UNIT = """# A comment
[Unit]
Description=My 100%% server
After=network.target

[Service]
Type=exec
User=me
WorkingDirectory=/srv
Environment="A=b c" B=%%x 'C=$d "q"' \\
; a comment in between
    D=a\\x20b
EnvironmentFile=/etc/x
ExecStartPre=/bin/true
ExecStart=-/usr/bin/llama-server \\
  -m %h/a.gguf \\
  --alias "a$$HOME %%n \\"q\\" \\\\z" -c 512

[Install]
WantedBy=default.target
"""


def imported(text: str) -> Imported:
    source = Source(text)
    assert detect(source).name == "llama-server"
    (found,) = read(source)
    return found


def test_only_environment_is_environment() -> None:
    found = imported(UNIT)
    assert found.profile.env == {"A": "b c", "B": "%x", "C": '$d "q"', "D": "a b"}
    assert found.profile.description == "My 100% server"
    assert [left.key for left in found.left] == [
        "Unit.After",
        "Service.Type",
        "Service.User",
        "Service.WorkingDirectory",
        "Service.EnvironmentFile",
        "Service.ExecStartPre",
        "Install.WantedBy",
    ]


def test_the_command_is_read_as_systemd_does() -> None:
    found = imported(UNIT)
    assert found.profile.values == {
        "path": "~/a.gguf",
        "alias": 'a$HOME %n "q" \\z',
        "ctx_size": 512,
    }
    assert not found.notes


@pytest.mark.parametrize("word", ["${MODEL}", "$MODEL", "%i.gguf", "/x/%i/a"])
def test_what_systemd_fills_in_is_said(word: str) -> None:
    found = imported(f"[Service]\nExecStart=llama-server -m {word}\n")
    assert any(word in note and "not filled in" in note for note in found.notes)


@pytest.mark.parametrize("word", ["a$MODEL", "$$MODEL", "%%i"])
def test_what_systemd_leaves_is_not_said(word: str) -> None:
    assert not imported(f"[Service]\nExecStart=llama-server -m {word}\n").notes


def test_an_empty_setting_forgets_what_was_said() -> None:
    text = (
        "[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n"
        "ExecStart=llama-server -m a\nExecStart=\nExecStart=:@llama-server x -m $b\n"
    )
    found = imported(text)
    assert found.profile.env == {"B": "2"}
    assert found.profile.values == {"path": "$b"}
    assert not found.notes


def test_a_quote_that_does_not_end_is_named_with_its_line() -> None:
    with pytest.raises(InvalidFileError, match="line 2: expected the quote"):
        read(Source('[Service]\nExecStart=llama-server "a\n'), "llama-server")


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(TEXTS, min_size=1, max_size=5), TEXTS)
def test_words_that_termai_writes_come_back(words: list[str], value: str) -> None:
    line = " ".join(scripts.argument(word) for word in ["llama-server", *words])
    text = f"[Service]\nEnvironment={scripts.unit_word(f'A={value}')}\nExecStart={line}\n"
    unit = parse(text, "x")
    (command,) = unit.commands
    assert [word.text for word in command.words[1:]] == words
    assert not any(word.unresolved for word in command.words)
    assert unit.env["A"].text == value
    assert not unit.env["A"].unresolved


def refused(text: str) -> str:
    """Return why a unit is refused, empty where it is read."""
    try:
        parse(text, "x")
    except InvalidFileError as error:
        return str(error)
    return ""


@given(st.text(st.sampled_from("ab -='\"\\$%;#{}\n\t[]"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    why = refused(f"[Service]\nExecStart={text}")
    assert not why or "line" in why
