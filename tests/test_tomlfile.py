"""TOML files keep what a person wrote, and a mistake is found on its line."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError
from termai.text import one_line

FILE = Path("/config/file.toml")

KEYS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)
SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=20)
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
TABLES = st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=4), max_size=3)


def _flat(tables: dict[str, dict[str, Any]]) -> dict[tuple[str, ...], Any]:
    return {(t, k): value for t, values in tables.items() for k, value in values.items()}


def _without_schema(tables: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tables.items() if key != "schema" and value != {}}


@given(TABLES)
def test_what_is_written_reads_back(tables: dict[str, dict[str, Any]]) -> None:
    tables.pop("schema", None)
    text = tomlfile.new_text(_flat(tables))
    assert text.startswith("schema = 1\n")
    assert _without_schema(tomlfile.parse(text, FILE).data) == _without_schema(tables)


@given(TABLES, TABLES)
def test_an_update_changes_what_it_should_and_nothing_else(
    before: dict[str, dict[str, Any]], changes: dict[str, dict[str, Any]]
) -> None:
    before.pop("schema", None)
    changes.pop("schema", None)
    text = tomlfile.new_text(_flat(before))
    updated = tomlfile.updated_text(text, FILE, _flat(changes))
    wanted = {name: dict(table) for name, table in before.items()}
    for name, table in changes.items():
        wanted.setdefault(name, {}).update(table)
    assert _without_schema(tomlfile.parse(updated, FILE).data) == _without_schema(wanted)
    removed = tomlfile.updated_text(updated, FILE, dict.fromkeys(_flat(wanted)))
    assert all(not table for table in _without_schema(tomllib.loads(removed)).values())


@given(TABLES)
def test_every_key_has_the_line_it_stands_on(tables: dict[str, dict[str, Any]]) -> None:
    """Each line that is named, cut off there, lacks the key that it is named for."""
    tables.pop("schema", None)
    text = tomlfile.new_text(_flat(tables))
    document = tomlfile.parse(text, FILE)
    for key in _flat(tables):
        above = "\n".join(text.split("\n")[: document.lines[key] - 1])
        including = tomllib.loads(_whole_statement(text, document.lines[key]))
        assert key[1] not in tomllib.loads(above).get(key[0], {})
        assert key[1] in including[key[0]]


def _whole_statement(text: str, line: int) -> str:
    """Return the text up to the end of the statement that begins on ``line``."""
    lines = text.split("\n")
    for end in range(line, len(lines) + 1):
        candidate = "\n".join(lines[:end])
        try:
            tomllib.loads(candidate)
        except tomllib.TOMLDecodeError:
            continue
        return candidate
    raise AssertionError("the text is not TOML")


TRICKY = '''\
# [comment]
a = """
[not.a.table]
b = 1
"""  # """
"quoted key" = 'with "" quotes and # sign'
list = [
  [ "nested" ], # ]
  "c = 5",
]
[table]  # a
  x.y = { z = 1, "w" = [2] }
d = \'\'\'
e = \\\'\'\'
"g\\u0068" = 1979-05-27T07:32:00Z
[[many]]
h = 1
[[many]]
i = """"quoted""""
j = 2'''


def test_lines_of_tricky_text() -> None:
    document = tomlfile.parse(TRICKY, FILE)
    assert dict(document.lines) == {
        ("a",): 2,
        ("quoted key",): 6,
        ("list",): 7,
        ("table",): 11,
        ("table", "x", "y"): 12,
        ("table", "d"): 13,
        ("table", "gh"): 15,
        ("many",): 16,
        ("many", "h"): 17,
        ("many", "i"): 19,
        ("many", "j"): 20,
    }
    assert document.where(("table", "x", "y", "z")) == f"{FILE}, line 12"
    assert document.where(("nothing",)) == str(FILE)


def test_line_breaks_are_those_of_toml_only() -> None:
    document = tomlfile.parse("a = 'x\u2028y\x85z'\r\nb = 1\r\n", FILE)
    assert document.lines["b",] == 2


PIECES = (
    *("[", "]", "[[", "]]", "{", "}", "=", ".", ",", '"', "'", '"""', "'''", "#", "\\", "\n"),
    *("\r\n", " ", "a", "b", "1", "-", "true", "schema", "1979-05-27", "\x1b[31m", "ä", "\t"),
)
TOML_LIKE = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@given(TOML_LIKE)
def test_any_text_parses_or_is_an_invalid_file(text: str) -> None:
    try:
        document = tomlfile.parse(text, FILE)
    except InvalidFileError as error:
        assert error.message.startswith(str(FILE))  # noqa: PT017
        assert one_line(error.message) == error.message  # noqa: PT017
        return
    assert {key[0] for key in document.lines} >= set(document.data)
    last = text.count("\n") + 1
    assert all(1 <= line <= last for line in document.lines.values())


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 50_000, "a = " + "{b=" * 50_000, "a = " + "9" * 5000, "a = 0x" + "f" * 9000],
    ids=["brackets", "braces", "digits", "hexadecimal"],
)
def test_excess_is_an_invalid_file_or_a_value_that_can_be_shown(text: str) -> None:
    try:
        document = tomlfile.parse(text, FILE)
    except InvalidFileError:
        return
    assert "a number of 36000 bits" in str(
        document.wrong(("a",), tomlfile.shown(document.data["a"]))
    )


def test_a_table_nested_by_dots_without_end_can_be_shown() -> None:
    document = tomlfile.parse("a = [{" + "b." * 20_000 + "c = 1}]", FILE)
    assert tomlfile.shown(document.data["a"]) == "a list of 1"


def test_a_mistake_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("schema = 1\n\n[load]\nctx_size = \n")
    with pytest.raises(InvalidFileError, match=r"x\.toml, line 4: not valid TOML: Invalid value"):
        tomlfile.read(path)
    path.write_text('schema = 1\na = """never\n\nended')
    with pytest.raises(InvalidFileError, match="line 4: not valid TOML"):
        tomlfile.read(path)


@pytest.mark.parametrize("schema", ["2", "true", "1.0", "'1'"])
def test_another_schema_is_refused(tmp_path: Path, schema: str) -> None:
    (tmp_path / "x.toml").write_text(f"schema = {schema}")
    with pytest.raises(InvalidFileError, match="line 1: schema: expected 1, found"):
        tomlfile.read(tmp_path / "x.toml")


def test_an_update_keeps_comments_order_and_spelling(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        "# top\nb = 0x10 # sixteen\na = 1\n\n# about t\n[t] # here\nc = 'lit'\n\n# end\n"
    )
    tomlfile.update(path, {("a",): 2, ("t", "d"): True, ("u", "e"): "new\nlines"})
    assert path.read_text() == (
        "# top\nb = 0x10 # sixteen\na = 2\n\n# about t\n[t] # here\nc = 'lit'\nd = true\n\n# end\n"
        '\n[u]\ne = """new\nlines"""\n'
    )


LISTED = """a = [
    # first of all
    "--x", # one
    "1",   # two
    # on its own
    "--y", "2", # three
    "--z", # four
]
"""


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        (["--x", "--y", "2", "--z"], ["two"]),
        (["--new", "--x", "1", "--y", "2", "--z"], []),
        (["--x", "1", "more", "--y", "2", "--z", "--end"], []),
        (["--x", "5", "--y", "2", "--z"], []),
        (["--x", "1"], ["three", "four"]),
    ],
)
def test_comments_of_a_list_stay_with_the_entries_that_stay(
    tmp_path: Path, wanted: list[str], gone: list[str]
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(LISTED)
    tomlfile.update(path, {("a",): wanted})
    assert tomlfile.read(path).data["a"] == wanted
    left = path.read_text()
    for comment in ("one", "two", "three", "four"):
        assert (f"# {comment}" in left) == (comment not in gone), left


def test_comments_of_a_list_of_tables_stay(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = [\n  { p = 1 }, # one\n  { p = 2 }, # two\n]\n")
    tomlfile.update(path, {("a",): [{"p": 1}, {"p": 2}, {"p": 3}]})
    assert tomlfile.read(path).data["a"] == [{"p": 1}, {"p": 2}, {"p": 3}]
    assert "# one" in path.read_text()
    assert "# two" in path.read_text()


def test_a_missing_file_is_written_new(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(NotFoundError):
        tomlfile.read(path)
    tomlfile.update(path, {("t", "a"): 1, ("b",): None})
    assert path.read_text() == "schema = 1\n\n[t]\na = 1\n"


def test_what_does_not_parse_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = \n")
    with pytest.raises(InvalidFileError):
        tomlfile.update(path, {("a",): 1})
    assert path.read_text() == "a = \n"


def test_what_only_the_reading_parser_takes_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    text = f"a = {'[' * 150}{']' * 150}\n"
    path.write_text(text)
    with pytest.raises(InvalidFileError, match="edit it by hand"):
        tomlfile.update(path, {("b",): 1})
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["t = 5\n", "t = [1]\n", "[[t]]\na = 1\n"])
def test_a_value_where_a_table_belongs_is_never_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(InvalidFileError, match="without changing more than was asked"):
        tomlfile.update(path, {("t", "a"): 2})
    assert path.read_text() == text


@pytest.mark.parametrize(
    "text", ["t.a = 1\nu = 2\n", "t = { a = 1 }\n", "[t]\n", "[t.sub]\nx = 1\n", "[u]\nx = 1\n[t]"]
)
def test_tables_of_every_spelling_are_updated(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    before = tomllib.loads(text)
    tomlfile.update(path, {("t", "a"): [{"p": "x", "s": 1.5}], ("t", "b"): "c"})
    before.setdefault("t", {}).update({"a": [{"p": "x", "s": 1.5}], "b": "c"})
    assert tomlfile.read(path).data == before
