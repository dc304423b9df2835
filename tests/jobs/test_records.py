"""The files of a job: what is written comes back, and what is broken is named and left alone."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.jobs import records
from termai.jobs.processes import ProcessId
from termai.jobs.records import Exit, JobSpec, JobState
from termai.jobs.states import JobStatus

SPEC = JobSpec(
    id="20261121-000000-00000000",
    kind="test",
    name="näme \x1b[31m",
    argv=("llama-server", "--port", "8080"),
    cwd="/",
    env={"A": "1"},
    unset_env=("B",),
    grace_s=2.5,
    log_limit_bytes=1 << 20,
    max_restarts=3,
    created_at=1795229899.27,
    meta={"url": "http://127.0.0.1:8080", "deep": [1, {"a": None}]},
)
STATE = JobState(
    status=JobStatus.FAILED,
    runner=ProcessId(12, "34@boot"),
    child=None,
    started_at=1.5,
    ended_at=2.5,
    exit=Exit(None, "SIGSEGV", "crashed"),
    restarts=2,
)


def test_a_spec_comes_back_as_it_was_written(tmp_path: Path) -> None:
    records.write_spec(tmp_path, SPEC)
    assert records.read_spec(tmp_path) == SPEC


def test_a_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    records.write_state(tmp_path, STATE)
    assert records.read_state(tmp_path) == STATE


def test_files_are_private(tmp_path: Path) -> None:
    records.write_spec(tmp_path / "job", SPEC)
    records.write_state(tmp_path / "job", STATE)
    assert (tmp_path / "job").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "job").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("argv", "llama-server", "argv: expected a list of texts"),
        ("name", None, "name: expected text"),
        ("grace_s", True, "grace_s: expected a number"),
        ("created_at", 1e300, "created_at: expected a number below 1e15"),
        ("env", {"A": 1}, "env: expected an object of texts"),
        ("schema", 2, "schema: expected 1, found 2"),
    ],
)
def test_a_wrong_value_is_named_with_file_and_key(
    tmp_path: Path, key: str, value: Any, expected: str
) -> None:
    records.write_spec(tmp_path, SPEC)
    path = tmp_path / records.SPEC_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(InvalidFileError) as caught:
        records.read_spec(tmp_path)
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from([*JobState._fields, "schema", "pid"]), inner, max_size=8
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_whatever_a_state_file_holds_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / records.STATE_FILE).write_bytes(content)
    with contextlib.suppress(InvalidFileError):
        assert isinstance(records.read_state(tmp_path), JobState)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    (tmp_path / records.STATE_FILE).write_text("[" * 100_000)
    with pytest.raises(InvalidFileError, match="nested too deeply"):
        records.read_state(tmp_path)
