"""What a hub may say of files, and where they are put."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError, TermaiError, UsageError
from termai.models.downloads import records
from termai.models.downloads.control import plan_of
from termai.models.downloads.plan import Plan, PlannedFile, checked, inside
from termai.models.library import look
from termai.paths import models_dir, private_dir

SHA, OID = "a" * 64, "b" * 40
COMMIT = "c" * 40
GOOD = PlannedFile("sub/model.gguf", 7, SHA)


def plan(*files: PlannedFile, **changes: str) -> Plan:
    given = {"repo": "maker/model", "commit": COMMIT, "endpoint": "http://127.0.0.1:1"} | changes
    return plan_of(given["repo"], given["commit"], files or (GOOD,), endpoint=given["endpoint"])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../up.gguf",
        "a/../../up.gguf",
        "a//b.gguf",
        "./a.gguf",
        "a/.",
        "a\\b.gguf",
        "a\0b.gguf",
        "a\nb.gguf",
        "a\x1b[2Jb.gguf",
        "\ud800.gguf",
        "n" * 256,
        "dir/",
    ],
)
def test_a_name_that_leaves_its_directory_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        plan(PlannedFile(path, 1, SHA))


@pytest.mark.parametrize(
    "changes",
    [
        {"repo": "../model"},
        {"repo": "a/../b"},
        {"repo": "a/b/c"},
        {"repo": "/a"},
        {"repo": ".a/b"},
        {"commit": ""},
        {"commit": "a/b"},
        {"commit": "a\nb"},
        {"endpoint": "file:///etc"},
        {"endpoint": "http://user:word@host"},
        {"endpoint": "http://host/a?b"},
        {"endpoint": ""},
    ],
)
def test_what_is_no_repository_commit_or_hub_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        plan(**changes)


@pytest.mark.parametrize(
    "files",
    [
        (GOOD, GOOD),
        (PlannedFile("a", 1, SHA), PlannedFile("a/b", 1, SHA)),
        (PlannedFile("a", -1, SHA),),
        (PlannedFile("a", 1 << 60, SHA),),
        (PlannedFile("a", 1, "xyz"),),
        (PlannedFile("a", 1, "g" * 64),),
        (PlannedFile("a", 1, oid="b" * 39),),
    ],
)
def test_what_contradicts_itself_is_refused(files: tuple[PlannedFile, ...]) -> None:
    with pytest.raises(UsageError):
        plan(*files)


@given(st.text(max_size=40))
def test_whatever_is_taken_stays_inside(path: str) -> None:
    try:
        taken = plan(PlannedFile(path, 1, SHA))
    except UsageError:
        return
    top = Path(taken.directory)
    for place in (taken.target(taken.files[0]), taken.partial(taken.files[0])):
        assert top in Path(*place.parts).parents
        assert ".." not in place.parts
        assert len(place.name.encode()) <= 255
    assert inside(path)


def test_a_partial_file_is_no_model_by_its_name() -> None:
    taken = plan()
    partial = taken.partial(GOOD)
    assert partial.name == f".model.gguf.{SHA[:12]}.part"
    assert partial.parent == taken.target(GOOD).parent
    private_dir(partial.parent)
    partial.write_bytes(b"GGUF")
    assert models_dir() in partial.parents
    found = [model for model in look().models if models_dir() in model.path.parents]
    assert all(model.incomplete and not model.usable for model in found)


def test_partial_files_of_different_contents_are_different_files() -> None:
    others = [
        replace(GOOD, sha256="d" * 64),
        replace(GOOD, sha256="", oid=OID),
        replace(GOOD, sha256=""),
        replace(GOOD, sha256="", size=8),
    ]
    taken = plan()
    assert len({taken.partial(file) for file in (GOOD, *others)}) == 5


@pytest.mark.parametrize("tail", ["", "x" * 200], ids=["short", "long"])
def test_a_password_in_the_address_of_a_hub_is_not_shown(tail: str) -> None:
    with pytest.raises(UsageError, match="no address of a hub") as caught:
        plan(endpoint=f"http://user:PASSWORD{tail}@mirror")
    assert "PASSWORD" not in str(caught.value)
    assert "mirror" in str(caught.value)


def test_the_longest_names_leave_room_for_the_partial_file() -> None:
    taken = plan(PlannedFile("ä" * 120 + ".gguf", 1, SHA))
    assert len(taken.partial(taken.files[0]).name.encode()) <= 255


def test_a_plan_is_read_as_it_was_written(home: Path) -> None:
    taken = replace(plan(), id="3")
    directory = private_dir(records.downloads_dir() / "3")
    records.write_plan(directory, taken)
    assert records.read_plan(directory) == taken
    assert records.plans() == [taken]


@given(st.binary(max_size=200))
def test_no_record_is_believed_unread(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    directory = tmp_path_factory.mktemp("record")
    for name in (records.PLAN, records.PROGRESS, records.OUTCOME, records.WANTED):
        (directory / name).write_bytes(data)
    with pytest.raises(TermaiError):
        records.read_plan(directory)
    assert records.read_progress(directory) is None
    assert records.read_outcome(directory) is None
    assert records.wanted(directory) is records.Wanted.RUN


def test_a_record_that_names_a_file_outside_is_not_followed(home: Path) -> None:
    bad = replace(plan(), id="1", files=(PlannedFile("../../out", 1, SHA),))
    directory = private_dir(records.downloads_dir() / "1")
    (directory / records.PLAN).write_bytes(msgspec.json.encode(bad))
    with pytest.raises(InvalidFileError, match="not taken as a path"):
        records.read_plan(directory)


def test_a_checked_plan_is_itself() -> None:
    taken = plan()
    assert checked(taken) is taken
    assert taken.size == 7
    assert taken.name == "maker/model"
