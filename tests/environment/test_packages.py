"""The command that installs something here: per system, with the rights and the index it needs."""

from pathlib import Path

import pytest

from termai.environment import packages
from tests.environment.conftest import OsRelease
from tests.environment.on_path import program, script

NAMES = {"": "g++", "fedora": "gcc-c++", "suse": "gcc-c++", "arch": "gcc", "macos": "llvm"}


@pytest.mark.usefixtures("path_dir")
@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("ID=fedora", "dnf install -y gcc-c++"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"', "dnf install -y g++"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"', "zypper --non-interactive install gcc-c++"),
        ("ID=alpine", "apk add -U g++"),
        ("ID=nixos", ""),
        ("nonsense", ""),
    ],
)
def test_the_command_fits_the_distribution(
    os_release: OsRelease, release: str, command: str
) -> None:
    os_release(release)
    remedy = packages.install(NAMES)
    assert remedy.command == command
    assert remedy.fix == (command or "Install g++ with the system's package manager.")


@pytest.mark.usefixtures("path_dir")
def test_a_fresh_container_fetches_the_index_first(os_release: OsRelease) -> None:
    os_release("ID=debian")
    assert packages.install(NAMES).command == "apt-get update && apt-get install -y g++"
    os_release("ID=arch")
    assert packages.install(NAMES).command.startswith("pacman -Syu --noconfirm && pacman -S ")


@pytest.mark.usefixtures("debian")
def test_a_user_needs_sudo_or_doas(path_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    remedy = packages.install(NAMES)
    assert (remedy.fix, remedy.command) == ("As root: apt-get install -y g++", "")
    program(path_dir, "doas", "")
    assert packages.install(NAMES).command == "doas apt-get install -y g++"
    program(path_dir, "sudo", "")
    assert packages.install(NAMES).command == "sudo apt-get install -y g++"


@pytest.mark.usefixtures("debian", "path_dir")
def test_what_a_system_does_not_offer_is_told_in_words() -> None:
    remedy = packages.install({"debian": "", "": "cuda"}, "Get it elsewhere.")
    assert (remedy.fix, remedy.command) == ("Get it elsewhere.", "")


@pytest.mark.usefixtures("path_dir")
def test_an_immutable_system_gets_words(os_release: OsRelease, tmp_path: Path) -> None:
    os_release("ID=fedora")
    (tmp_path / "root/run").mkdir()
    (tmp_path / "root/run/ostree-booted").touch()
    assert packages.install(NAMES).command == ""


@pytest.mark.usefixtures("os_release")
def test_macos_uses_homebrew(path_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    without = packages.install(NAMES)
    assert without.command == ""
    assert "https://brew.sh" in without.fix
    program(path_dir, "brew", "")
    assert packages.install(NAMES).command == "brew install llvm"


@pytest.mark.usefixtures("debian")
@pytest.mark.parametrize(
    ("says", "version"),
    [
        (
            "nodejs:\n  Installed: (none)\n  Candidate: 18.20.4+dfsg-1~deb12u1",
            "18.20.4+dfsg-1~deb12u1",
        ),
        ("cuda:\n  Candidate: 1:12.4.1-1", "12.4.1-1"),
        ("cuda:\n  Installed: (none)\n  Candidate: (none)", ""),
        ("N: Unable to locate package cuda", ""),
    ],
)
def test_apt_tells_what_it_would_install(path_dir: Path, says: str, version: str) -> None:
    program(path_dir, "apt-cache", says)
    assert packages.offered("cuda") == version


@pytest.mark.usefixtures("debian")
def test_apt_is_asked_in_english(path_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    script(path_dir, "apt-cache", 'echo "  Candidate: $LC_ALL"')
    assert packages.offered("nodejs") == "C"


@pytest.mark.usefixtures("path_dir")
def test_without_package_lists_nobody_knows_what_apt_has(os_release: OsRelease) -> None:
    os_release("ID=debian")
    assert packages.offered("nodejs") is None


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/usr/bin:/bin", 'PATH="$PATH:/usr/sbin:/sbin" '),
        ("/usr/sbin:/usr/bin", ""),
        ("/usr/bin:/sbin", ""),
    ],
)
def test_root_with_a_short_path_still_finds_ldconfig(
    monkeypatch: pytest.MonkeyPatch, path: str, prefix: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", path)
    assert packages.as_root("apt-get update").command == f"{prefix}apt-get update"


@pytest.mark.usefixtures("debian")
def test_an_apt_that_takes_too_long_has_told_nothing(
    path_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(path_dir, "apt-cache", "exec /bin/sleep 60")
    monkeypatch.setattr(packages, "_APT_LIMIT_S", 0.05)
    assert packages.offered("nodejs") is None


@pytest.mark.usefixtures("debian")
def test_a_broken_package_comes_again() -> None:
    command = packages.install({"": "git"}, again=True).command
    assert command == "apt-get install --reinstall -y git"
