"""One program: there, missing, beside PATH, broken, Windows', too slow."""

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from termai.environment import Verdict, programs
from termai.environment import path as search_path
from termai.environment.program import Program, look
from termai.environment.shells import short
from tests.environment.on_path import program, script
from tests.support import wait_until

GIT = Program("git", ("git",), "Fetches.", "Needed to fetch.", {"": "git"})


def test_one_that_is_there_tells_path_and_version(path_dir: Path) -> None:
    path = program(path_dir, "git", "git version 2.39.5")
    found = look(GIT)
    assert (found.verdict, found.path, found.version) == (Verdict.OK, str(path), "2.39.5")
    assert found.fix == ""


@pytest.mark.usefixtures("debian", "path_dir")
def test_a_missing_one_comes_with_the_command_that_installs_it() -> None:
    found = look(GIT)
    assert found.verdict is Verdict.WARNING
    assert found.sentence == "Not found. Needed to fetch."
    assert found.command == found.fix == "apt-get install -y git"


@pytest.mark.usefixtures("path_dir")
def test_one_that_nothing_needs_is_no_warning() -> None:
    found = look(Program("uv", ("uv",), "Installs.", "pip does the same."))
    assert (found.verdict, found.fix, found.command) == (Verdict.NOT_NEEDED, "", "")


@pytest.mark.usefixtures("debian")
@pytest.mark.parametrize(
    ("prints", "status", "says"),
    [
        ("", 0, "does not say its version"),
        ("libssl.so.1: no such file", 127, "ends with status 127: libssl.so.1: no such file"),
    ],
)
def test_a_broken_one_is_a_warning_that_quotes_it(
    path_dir: Path, prints: str, status: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(path_dir, "git", prints, status)
    found = look(GIT)
    assert found.verdict is Verdict.WARNING
    assert says in found.sentence
    assert found.fix == f"Mend it, or take {short(path_dir / 'git')} away."
    monkeypatch.setattr("termai.environment.program._PACKAGED", (str(path_dir),))
    assert look(GIT).command == "apt-get install --reinstall -y git"


@pytest.mark.usefixtures("debian")
def test_one_that_crashes_is_named_with_its_signal_and_what_it_hides(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(path_dir, "git", "kill -SEGV $$")
    behind = program(tmp_path / "behind", "git", "2.0")
    monkeypatch.setenv("PATH", f"{path_dir}:{behind.parent}")
    found = look(GIT)
    assert found.verdict is Verdict.WARNING
    assert "crashes with SIGSEGV" in found.sentence
    assert found.fix.endswith(f"away: {short(behind)} is found then.")


@pytest.mark.usefixtures("debian")
def test_one_whose_interpreter_is_gone_says_so(path_dir: Path) -> None:
    (path_dir / "git").write_text("#!/nowhere/python\n")
    (path_dir / "git").chmod(0o755)
    assert "cannot be started: No such file or directory" in look(GIT).sentence


def test_what_it_prints_cannot_drive_the_terminal(path_dir: Path) -> None:
    script(path_dir, "git", "printf '\\033]0;owned\\007\\033[2Jbroken\\n'; exit 3")
    assert "\x1b" not in look(GIT).sentence


@pytest.mark.usefixtures("debian")
def test_one_that_hangs_is_a_warning_and_nothing_of_it_stays(
    path_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(path_dir, "git", f"/bin/sleep 60 & echo $! >{path_dir}/below; wait")
    monkeypatch.setattr(programs, "TIME_LIMIT_S", 0.5)
    found = look(GIT)
    assert found.verdict is Verdict.WARNING
    assert "gives no answer within 0.5 s" in found.sentence
    assert "It hangs" in found.cause
    assert f"`{path_dir / 'git'} --version`" in found.fix
    assert (found.command, found.version) == ("", "")
    assert found.fix.endswith(f"take {short(path_dir / 'git')} away.")
    monkeypatch.setattr("termai.environment.program._PACKAGED", (str(path_dir),))
    assert "install it again: `apt-get install --reinstall -y git`." in look(GIT).fix
    pid = int((path_dir / "below").read_text())
    wait_until(lambda: not psutil.pid_exists(pid) or is_zombie(pid), what="its end")


def is_zombie(pid: int) -> bool:
    """Tell whether a process has ended and nobody has collected it, as in some containers."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_one_beside_path_is_not_called_missing(path_dir: Path, tmp_path: Path) -> None:
    path = program(tmp_path / "cuda-12.4/bin", "git", "2.0")
    program(tmp_path / "cuda-11.8/bin", "git", "1.0")
    found = look(replace(GIT, places=(f"{tmp_path}/cuda-*/bin",)))
    assert (found.verdict, found.path) == (Verdict.WARNING, str(path))
    assert f'export PATH="{path.parent}:$PATH"' in found.fix
    assert found.command
    assert path_dir.is_dir()


@pytest.mark.usefixtures("path_dir")
def test_one_of_the_system_beside_a_broken_path_is_mended_as_the_path_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "usr/bin", "git", "2.0")
    monkeypatch.setattr(programs, "SYSTEM", (f"{tmp_path}/usr/bin",))
    monkeypatch.setattr(programs, "STANDARD", programs.SYSTEM)
    monkeypatch.setenv("SHELL", "/bin/bash")
    mended = next(one for one in search_path.check() if one.name == "PATH")
    assert look(GIT).fix == mended.fix
    assert look(GIT).command == mended.command != ""


@pytest.mark.usefixtures("debian")
def test_windows_own_programs_are_told_apart_in_wsl(
    path_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(path_dir, "git", "git version 2.40.0.windows.1")
    monkeypatch.setattr(programs, "of_windows", lambda path: path.startswith(str(path_dir)))
    found = look(GIT)
    assert found.verdict is Verdict.WARNING
    assert "Windows" in found.sentence
    assert found.command == "apt-get install -y git"


def test_wsl_is_known_by_its_kernel(tmp_path: Path) -> None:
    release = tmp_path / "osrelease"
    release.write_text("5.15.153.1-microsoft-standard-WSL2\n")
    assert programs.in_wsl(release)
    release.write_text("6.1.0-18-amd64\n")
    assert not programs.in_wsl(release)
    assert not programs.in_wsl(tmp_path / "absent")


def test_a_stub_of_macos_is_not_started(path_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(path_dir, "git", f"touch {path_dir}/started; echo 2.39")
    monkeypatch.setattr(programs, "is_stub", lambda path: path == str(path_dir / "git"))
    found = look(GIT)
    assert found.command == "xcode-select --install"
    assert not (path_dir / "started").exists()


def test_programs_are_found_in_the_order_of_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = program(tmp_path / "a", "git", "1.0")
    two = program(tmp_path / "b", "git", "2.0")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/git").symlink_to(one)
    (tmp_path / "d").mkdir()
    (tmp_path / "d/git").write_text("not executable")
    monkeypatch.setenv("PATH", ":".join(str(tmp_path / name) for name in "badc"))
    assert programs.find_all("git") == (str(two), str(one))
    assert programs.find("nothing", "git") == str(two)
