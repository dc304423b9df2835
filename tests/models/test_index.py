"""The index: what the last look found, shown at once, and the disk as it is now."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from termai import settings
from termai.models import facts, index, library
from termai.models.library import Library
from termai.models.listing import Listing, listing
from termai.models.refreshing import Refresh
from termai.models.stores import stores
from termai.paths import models_dir, state_dir
from tests.models import files
from tests.models.files import listed

Read = Callable[..., facts.Facts | None]


@pytest.fixture
def headers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files whose headers are read from now on."""
    read: list[str] = []
    original = facts.read

    def noted(paths: Sequence[Path], *rest: object, **more: object) -> facts.Facts | None:
        read.append(paths[0].name)
        return original(paths, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(facts, "read", noted)
    return read


def test_nothing_is_known_before_the_first_look() -> None:
    files.model(models_dir() / "m.gguf")
    assert library.known().files == ()


def test_the_index_knows_what_the_look_found() -> None:
    files.model(models_dir() / "o/r/m-Q4_K_M.gguf")
    files.projector(models_dir() / "o/r/mmproj.gguf")
    files.parts(models_dir() / "o/s", "big", 2)
    files.model(models_dir() / "o/r/half.gguf.part")
    found = library.refresh()
    known = library.known()
    assert known.files == found.files
    assert known.models == found.models
    assert not known.complete
    assert found.complete


def test_names_of_any_bytes_are_kept() -> None:
    directory = os.fsencode(models_dir())
    os.makedirs(directory)  # noqa: PTH103
    for name in (b"\xff\xfe.gguf", b"new\nline.gguf", b"\x1b[2J.gguf"):
        path = Path(os.fsdecode(os.path.join(directory, name)))  # noqa: PTH118
        files.model(path)
    found = library.refresh()
    assert len(found.models) == 4
    assert library.known().files == found.files


def test_only_new_and_changed_headers_are_read(headers: list[str]) -> None:
    one, two = (files.model(models_dir() / name) for name in ("one.gguf", "two.gguf"))
    (builtin,) = [m.path.name for m in library.refresh().models if m.where == "built in"]
    assert sorted(headers) == ["one.gguf", builtin, "two.gguf"]
    headers.clear()
    library.refresh()
    assert headers == []
    os.utime(one, (1, 1))
    files.model(models_dir() / "three.gguf")
    two.unlink()
    found = listed()
    assert sorted(headers) == ["one.gguf", "three.gguf"]
    assert sorted(found) == ["one.gguf", "three.gguf"]
    assert sorted(listed(library.known())) == ["one.gguf", "three.gguf"]


def test_a_set_is_read_again_when_a_part_comes_or_goes(headers: list[str]) -> None:
    paths = files.parts(models_dir(), "m", 3)
    library.refresh()
    headers.clear()
    away = paths[2].rename(paths[2].with_name("elsewhere"))
    assert listed()["m.gguf"].missing == 1
    assert len(headers) == 1
    away.rename(paths[2])
    assert listed()["m.gguf"].parameters == 3 * 256 * 256
    assert len(headers) == 2


def test_another_version_of_termai_reads_everything_again(
    headers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files.model(models_dir() / "m.gguf")
    library.refresh()
    headers.clear()
    monkeypatch.setattr(index, "__version__", "another")
    assert listed(library.known())["m.gguf"].read
    library.refresh()
    assert "m.gguf" in headers
    headers.clear()
    library.refresh()
    assert headers == []


def test_a_look_without_headers_reads_none_and_forgets_none(headers: list[str]) -> None:
    files.model(models_dir() / "one.gguf")
    library.refresh()
    headers.clear()
    files.model(models_dir() / "two.gguf")
    found = listed(library.look())
    assert headers == []
    assert (found["one.gguf"].read, found["two.gguf"].read) == (True, False)
    assert found["two.gguf"].startable
    library.refresh()
    assert headers == ["two.gguf"]


def test_what_is_in_a_directory_that_is_not_looked_in_any_more_is_not_known(home: Path) -> None:
    files.model(home / "AI/m.gguf")
    settings.save(model_dirs=(str(home / "AI"),))
    assert list(listed()) == ["m.gguf"]
    settings.save(model_dirs=())
    assert listed(library.known()) == {}


@pytest.mark.parametrize("content", [b"", b"\x00", b"[]", b"\xff" * 1000, b"\x93\x02\xa0\x90"])
def test_a_broken_index_is_made_anew(content: bytes) -> None:
    files.model(models_dir() / "m.gguf")
    state_dir().mkdir(parents=True)
    index.path().write_bytes(content)
    assert library.known().files == ()
    assert list(listed()) == ["m.gguf"]
    assert list(listed(library.known())) == ["m.gguf"]


@given(data=st.data())
@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_index_with_any_bytes_changed_is_no_crash(home: Path, data: st.DataObject) -> None:
    if not index.path().exists():
        files.model(models_dir() / "m.gguf")
        files.model(files.blob(home / "home/.ollama/models", "b"))
        files.tag(home / "home/.ollama/models", "hf.co/o/n/Q4", model="b")
        library.refresh()
        (home / "good").write_bytes(index.path().read_bytes())
    raw = bytearray((home / "good").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))
    index.path().write_bytes(raw[:end])
    known = library.known()
    assert all(isinstance(model.size, int) for model in known.files)


def test_a_pipe_in_place_of_the_index_is_no_hang() -> None:
    state_dir().mkdir(parents=True)
    os.mkfifo(index.path())
    assert library.known().files == ()


def test_a_state_directory_that_takes_nothing_is_no_failure(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").touch()
    monkeypatch.setenv("TERMAI_STATE_DIR", str(home / "file"))
    files.model(models_dir() / "m.gguf")
    assert list(listed()) == ["m.gguf"]


def test_an_unchanged_library_is_not_written_again() -> None:
    files.model(models_dir() / "m.gguf")
    library.refresh()
    before = index.path().stat().st_mtime_ns
    library.refresh()
    assert index.path().stat().st_mtime_ns == before


def test_programs_that_look_at_the_same_time_do_not_break_the_index() -> None:
    for number in range(20):
        files.model(models_dir() / f"m{number}.gguf")
    source = (
        "from termai.models import library\n"
        "import os, pathlib\n"
        "from termai.paths import models_dir\n"
        "for n in range(10):\n"
        "    os.utime(models_dir() / f'm{n}.gguf')\n"
        "    assert len(library.refresh().models) == 21\n"
        "    assert len(library.known().models) in (0, 21), len(library.known().models)\n"
    )
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen([sys.executable, "-c", source], cwd=root, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    assert len(library.known().models) == 21


def test_a_program_that_reads_no_headers_keeps_what_another_reads_meanwhile(
    headers: list[str],
) -> None:
    files.parts(models_dir(), "set", 2)
    files.model(models_dir() / "m.gguf")
    changed = files.model(models_dir() / "changed.gguf")
    places = stores()
    looking = Refresh(places, index.load(places), headers=False)
    looking.run(lambda: None)
    os.utime(changed, (1, 1))
    library.refresh()
    looking.save()
    headers.clear()
    library.refresh()
    assert headers == ["changed.gguf"]


def test_batches_tell_what_is_known_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    from termai.models import refreshing

    monkeypatch.setattr(refreshing, "_BATCH_S", 0.0)
    monkeypatch.setattr(refreshing, "_REST", 0)
    for number in range(5):
        files.model(models_dir() / f"m{number}.gguf")
    batches: list[Library] = []
    final = library.refresh(batches.append)
    counts = [batch.unread for batch in batches]
    assert max(counts) > 0
    assert counts[-1] == 0
    assert not any(batch.complete for batch in batches)
    assert final.unread == 0
    assert len(batches[-1].models) == len(final.models)


def test_a_disk_that_does_not_answer_stops_no_other(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.model(home / "nfs/slow.gguf")
    files.model(models_dir() / "fast.gguf")
    settings.save(model_dirs=(str(home / "nfs"),))
    library.refresh()
    answer = threading.Event()
    original = facts.read

    def stalls(paths: Sequence[Path], *rest: object, **more: object) -> facts.Facts | None:
        if "nfs" in paths[0].parts:
            answer.wait(60)
        return original(paths, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(facts, "read", stalls)
    files.model(home / "nfs/new.gguf")
    files.model(models_dir() / "second.gguf")
    start = time.monotonic()
    found = library.refresh(patience_s=1.5)
    assert time.monotonic() - start < 20
    models = listed(found)
    assert models["second.gguf"].read
    assert models["slow.gguf"].read
    assert not models["new.gguf"].read
    assert [problem for problem in found.problems if "does not answer" in problem]
    answer.set()


def test_a_directory_that_does_not_answer_keeps_what_was_known(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from termai.models import walking

    files.model(home / "nfs/slow.gguf")
    files.model(models_dir() / "fast.gguf")
    settings.save(model_dirs=(str(home / "nfs"),))
    library.refresh()
    answer = threading.Event()
    original = listing

    def stalls(directory: Path) -> Listing:
        if directory.name == "nfs":
            answer.wait(60)
        return original(directory)

    monkeypatch.setattr(walking, "listing", stalls)
    for _ in range(2):  # the second time its thread still hangs, and no other is begun
        start = time.monotonic()
        found = library.refresh(patience_s=1.5)
        assert time.monotonic() - start < 20
        assert set(listed(found)) == {"slow.gguf", "fast.gguf"}
        assert [problem for problem in found.problems if "does not answer" in problem]
    assert sum(thread.name.startswith("look") for thread in threading.enumerate()) == 1
    answer.set()
    assert set(listed(library.known())) == {"slow.gguf", "fast.gguf"}
