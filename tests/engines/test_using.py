"""Preferring a llama-server and going back, with real and old programs."""

from pathlib import Path

import pytest

from termai import settings
from termai.engines import choose, llama_server, using
from termai.errors import NotFoundError, TermaiError, UsageError


def _beside() -> Path:
    program = llama_server.beside_termai()
    assert program
    return program


def test_a_program_is_asked_and_then_preferred(old_program: Path) -> None:
    switch = using.use(str(old_program))
    assert (switch.before, switch.now) == ("", str(old_program))
    assert switch.detection
    assert choose.choose("auto")[1].program == old_program
    assert choose.choose("auto")[1].source == "configured in config.toml"


@pytest.mark.parametrize("inside", ["", "bin", "build/bin"])
def test_the_directory_of_a_build_will_do(tmp_path: Path, old_program: Path, inside: str) -> None:
    place = tmp_path / "build here" / inside
    place.mkdir(parents=True, exist_ok=True)
    old_program.rename(place / "llama-server")
    assert using.use(str(tmp_path / "build here")).now == str(place / "llama-server")


def test_what_does_not_work_changes_nothing(tmp_path: Path, old_program: Path) -> None:
    using.use(str(old_program))
    wrong = tmp_path / "wrong"
    wrong.write_text("#!/bin/sh\necho hello\n")
    with pytest.raises(NotFoundError, match="does not exist"):
        using.use(str(tmp_path / "gone"))
    with pytest.raises(NotFoundError, match="not executable"):
        using.use(str(wrong))
    wrong.chmod(0o700)
    with pytest.raises(TermaiError, match="not a llama-server"):
        using.use(str(wrong))
    assert settings.load().values.llama_server == str(old_program)
    assert using.history() == [""]


def test_going_back_and_back_again(old_program: Path) -> None:
    using.use(str(old_program))
    using.use(str(_beside()))
    assert using.back().now == str(old_program)
    switch = using.back()
    assert (switch.before, switch.now, switch.detection) == (str(old_program), "", None)
    assert settings.load().values.llama_server == ""
    with pytest.raises(UsageError, match="no llama-server to go back to"):
        using.back()


def test_going_back_passes_over_what_is_gone(tmp_path: Path, old_program: Path) -> None:
    using.use(str(_beside()))
    using.use(str(old_program))
    using.use("")
    old_program.unlink()
    switch = using.back()
    assert switch.now == str(_beside())
    assert str(old_program) in switch.passed[0]


def test_naming_the_same_again_is_no_change(old_program: Path) -> None:
    using.use(str(old_program))
    using.use(str(old_program))
    assert using.history() == [""]


@pytest.mark.parametrize("text", ["", "[", "[]", '{"before": 1}', "[" * 100_000])
def test_a_broken_memory_is_none(text: str, old_program: Path) -> None:
    using._path().parent.mkdir(parents=True)
    using._path().write_text(text)
    assert using.history() == []
    using.use(str(old_program))
    assert using.back().now == ""


def test_a_directory_without_one_or_with_several_is_told_as_what_it_is(
    tmp_path: Path, old_program: Path
) -> None:
    with pytest.raises(NotFoundError, match="is a directory without a llama-server"):
        using.use(str(tmp_path))
    for name in ("build-cpu", "build-cuda"):
        (tmp_path / "src" / name / "bin").mkdir(parents=True)
        (tmp_path / "src" / name / "bin/llama-server").write_bytes(old_program.read_bytes())
    with pytest.raises(NotFoundError, match="with 2 llama-servers") as caught:
        using.use(str(tmp_path / "src"))
    assert str(tmp_path / "src/build-cuda/bin/llama-server") in caught.value.fix
    for name in ("build-cpu", "build-cuda"):
        (tmp_path / "src" / name / "bin/llama-server").chmod(0o700)
    (tmp_path / "src/build-cpu/bin/llama-server").unlink()
    assert using.use(str(tmp_path / "src")).now.endswith("build-cuda/bin/llama-server")
    assert settings.load().values.llama_server.endswith("build-cuda/bin/llama-server")
