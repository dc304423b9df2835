"""Version managers of Node.js, laid out on disk as each of them does."""

import subprocess
from pathlib import Path

import pytest

from termai.environment import Verdict, node_managers
from termai.environment.node_managers import Manager
from tests.environment.on_path import program

VARIABLES = (
    *("VOLTA_HOME", "NVM_DIR", "FNM_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR"),
    "FNM_MULTISHELL_PATH",
)

ASDF = (
    "/opt/m install nodejs latest:22"
    " && (/opt/m set -u nodejs latest:22 || /opt/m global nodejs latest:22)"
)


@pytest.fixture(autouse=True)
def user(path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert path_dir.is_dir()
    return tmp_path / "home"


def lay_out(home: Path, path_dir: Path, name: str) -> None:
    """Install a manager with the versions 18.20.4 and 22.11.0."""
    versions = {
        "volta": ".volta/tools/image/node/{}",
        "nvm": ".nvm/versions/node/v{}",
        "fnm": ".local/share/fnm/node-versions/v{}",
        "asdf": ".asdf/installs/nodejs/{}",
        "mise": ".local/share/mise/installs/node/{}",
    }[name]
    for version in ("18.20.4", "22.11.0"):
        program(home / versions.format(version) / "bin", "node", f"v{version}")
    if name == "nvm":
        (home / ".nvm/nvm.sh").write_text('nvm() { echo "nvm $*" >> "$HOME/ran"; }\n')
    elif name == "volta":
        program(home / ".volta/bin", "volta", "2.0.2")
    else:
        program(path_dir, name, "1.38.1")
    (home / ".asdf/plugins/nodejs").mkdir(parents=True) if name == "asdf" else None


@pytest.mark.parametrize("name", ["volta", "nvm", "fnm", "asdf", "mise"])
def test_each_is_found_with_its_versions(user: Path, path_dir: Path, name: str) -> None:
    lay_out(user, path_dir, name)
    (manager,) = node_managers.managers()
    assert (manager.name, manager.versions) == (name, ("22.11.0", "18.20.4"))
    (found,) = node_managers.check()
    assert found.verdict is Verdict.OK
    assert found.sentence.startswith(f"{name} is here (~/")
    assert found.sentence.endswith("22.11.0, 18.20.4); no node is on PATH.")


def test_the_one_that_a_node_comes_from_is_named(
    user: Path, path_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(user, path_dir, "nvm")
    monkeypatch.setenv("PATH", f"{user}/.nvm/versions/node/v18.20.4/bin:{path_dir}")
    assert next(node_managers.check()).sentence.endswith("node comes from nvm.")
    program(path_dir, "node", "v20.1.0")
    monkeypatch.setenv("PATH", str(path_dir))
    assert next(node_managers.check()).sentence.endswith("node comes from elsewhere.")


def test_a_shim_is_followed_to_its_manager(user: Path, path_dir: Path) -> None:
    lay_out(user, path_dir, "volta")
    (path_dir / "node").symlink_to(user / ".volta/bin/volta")
    assert next(node_managers.check()).sentence.endswith("node comes from volta.")


def test_two_of_them_are_a_warning(user: Path, path_dir: Path) -> None:
    lay_out(user, path_dir, "nvm")
    lay_out(user, path_dir, "volta")
    (found,) = node_managers.check()
    assert found.verdict is Verdict.WARNING
    assert found.sentence.startswith("volta and nvm are here")
    assert found.fix


def test_none_is_not_missed() -> None:
    assert next(node_managers.check()).verdict is Verdict.NOT_NEEDED


def test_a_directory_of_ones_own_is_found(
    tmp_path: Path, path_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path / "else where", path_dir, "nvm")
    monkeypatch.setenv("NVM_DIR", str(tmp_path / "else where/.nvm"))
    (manager,) = node_managers.managers()
    assert manager.versions == ("22.11.0", "18.20.4")


def test_the_command_of_nvm_runs_in_a_plain_shell(user: Path, path_dir: Path) -> None:
    lay_out(user, path_dir, "nvm")
    (manager,) = node_managers.managers()
    remedy = node_managers.bring(manager, 22)
    subprocess.run(["/bin/sh", "-c", remedy.command], env={"HOME": str(user)}, check=True)
    assert (user / "ran").read_text().splitlines() == [
        "nvm install 22",
        "nvm alias default 22",
    ]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("volta", "/opt/m install node@22"),
        ("fnm", "/opt/m install 22 && /opt/m default 22"),
        ("asdf", ASDF),
        ("mise", "/opt/m use --global node@22"),
    ],
)
def test_each_has_its_own_words(name: str, command: str) -> None:
    manager = Manager(name, Path("/opt"), "/opt/m", (), ())
    assert node_managers.bring(manager, 22).command == command


def test_hostile_names_of_versions_are_no_text(user: Path, path_dir: Path) -> None:
    lay_out(user, path_dir, "nvm")
    (user / ".nvm/versions/node/v1.2\x1b[2J").mkdir()
    (found,) = node_managers.check()
    assert "\x1b" not in found.sentence
