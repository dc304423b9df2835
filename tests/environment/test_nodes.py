"""Node.js and npm: what SillyTavern asks for, what is too old, how each system gets another."""

import subprocess
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, nodes, programs, shells
from termai.environment.shells import short
from tests.environment.on_path import program, script


@pytest.fixture
def sillytavern(tmp_path: Path) -> Path:
    """Put SillyTavern's package.json, as version 1.19.0 has it, into the home directory."""
    place = tmp_path / "home/SillyTavern"
    place.mkdir()
    (place / "package.json").write_text('{"name": "sillytavern", "engines": {"node": ">= 20"}}')
    return place


def node() -> Finding:
    (found,) = nodes.node()
    return found


def candidate(path_dir: Path, version: str) -> None:
    program(path_dir, "apt-cache", f"nodejs:\n  Installed: (none)\n  Candidate: {version}")


def test_a_new_one_is_fine(path_dir: Path) -> None:
    path = program(path_dir, "node", "v22.11.0")
    found = node()
    assert (found.verdict, found.path, found.version) == (Verdict.OK, str(path), "22.11.0")


@pytest.mark.usefixtures("path_dir", "debian")
def test_nobody_without_sillytavern_misses_it() -> None:
    assert node().verdict is Verdict.NOT_NEEDED
    assert next(nodes.npm()).verdict is Verdict.NOT_NEEDED


@pytest.mark.usefixtures("debian", "sillytavern")
def test_sillytavern_misses_it(path_dir: Path) -> None:
    candidate(path_dir, "20.19.2+dfsg-1")
    found = node()
    assert found.sentence == "Not found. Needed to run ~/SillyTavern."
    assert found.command == "apt-get install -y nodejs"
    npm = next(nodes.npm())
    assert (npm.verdict, npm.command) == (Verdict.WARNING, "")
    assert npm.fix == "Install Node.js 22 or later: npm comes with it."


@pytest.mark.usefixtures("debian", "sillytavern")
def test_a_package_that_is_too_old_is_not_proposed(path_dir: Path) -> None:
    candidate(path_dir, "18.20.4+dfsg-1~deb12u2")
    found = node()
    assert found.command == ""
    assert found.fix == "Install Node.js 22 or later from https://nodejs.org/en/download."


@pytest.mark.usefixtures("debian")
def test_an_old_one_is_named(path_dir: Path) -> None:
    candidate(path_dir, "18.20.4+dfsg-1~deb12u2")
    path = program(path_dir, "node", "v16.20.2")
    found = node()
    assert (found.verdict, found.path, found.version) == (Verdict.WARNING, str(path), "16.20.2")
    assert found.sentence == "Too old for SillyTavern, which needs 20 or later."
    assert "nodejs.org" in found.fix


def test_what_sillytavern_asks_for_counts(path_dir: Path, sillytavern: Path) -> None:
    program(path_dir, "node", "v22.11.0")
    (sillytavern / "package.json").write_text(
        '{"name": "sillytavern", "engines": {"node": ">=24"}}'
    )
    assert "needs 24 or later" in node().sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"name": "other", "engines": {"node": ">= 99"}}',
        '{"name": "sillytavern"}',
        "[" * 9999,
    ],
)
def test_another_or_a_broken_package_is_passed_over(
    path_dir: Path, sillytavern: Path, text: str
) -> None:
    program(path_dir, "node", "v20.1.0")
    (sillytavern / "package.json").write_text(text)
    assert nodes.sillytavern() == (None, nodes.NEEDED)
    assert node().verdict is Verdict.OK


def test_a_newer_one_that_path_hides_is_named(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "second"
    program(path_dir, "node", "v16.20.2")
    program(second, "node", "v22.11.0")
    monkeypatch.setenv("PATH", f"{path_dir}:{second}")
    monkeypatch.setenv("SHELL", "/bin/bash")
    found = node()
    assert "22.11.0 is in " in found.sentence
    assert f'export PATH="{second}:$PATH"' in found.fix
    assert found.cause == "PATH names the directory of this one first."


def test_a_version_manager_gets_another(path_dir: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    program(home / ".volta/bin", "volta", "2.0.2")
    program(path_dir, "node", "v16.20.2")
    assert node().command == f"{home}/.volta/bin/volta install node@22"


def test_a_broken_one_has_a_fix(path_dir: Path) -> None:
    script(path_dir, "node", "echo 'No version is set for command node' >&2; exit 126")
    found = node()
    assert found.verdict is Verdict.WARNING
    assert "No version is set" in found.sentence
    assert found.fix


@pytest.mark.usefixtures("debian")
def test_debians_node_comes_without_npm(path_dir: Path) -> None:
    program(path_dir, "node", "v20.19.2")
    (found,) = nodes.npm()
    assert (found.verdict, found.command) == (Verdict.WARNING, "apt-get install -y npm")
    program(path_dir, "npm", "11.19.1")
    (found,) = nodes.npm()
    assert (found.verdict, found.version) == (Verdict.OK, "11.19.1")


@pytest.mark.parametrize("body", ["exit 127", "exec /bin/sleep 60"])
def test_a_good_one_behind_one_that_does_not_work_is_preferred(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    script(path_dir, "node", body)
    good = program(tmp_path / "nvm/bin", "node", "v22.1.0")
    monkeypatch.setenv("PATH", f"{path_dir}:{good.parent}")
    monkeypatch.setattr(programs, "TIME_LIMIT_S", 1.0)
    (found,) = nodes.node()
    assert found.verdict is Verdict.WARNING
    assert "Too old" not in found.sentence
    assert f"22.1.0 is in {short(good.parent)}" in found.sentence
    assert f'export PATH="{good.parent}:$PATH"' in found.fix


def test_a_hanging_node_does_not_keep_npm_from_being_asked(
    path_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(path_dir, "node", "exec /bin/sleep 60")
    program(path_dir, "npm", "11.0.0")
    monkeypatch.setattr(programs, "TIME_LIMIT_S", 1.0)
    monkeypatch.setattr(programs, "version", lambda _: pytest.fail("it was asked"))
    (found,) = nodes.npm()
    assert (found.verdict, found.version) == (Verdict.OK, "11.0.0")


def test_an_npm_that_does_not_work_leads_to_node(path_dir: Path) -> None:
    script(path_dir, "npm", "exit 127")
    (found,) = nodes.npm()
    assert found.verdict is Verdict.WARNING
    assert found.cause.startswith("npm runs in node")


@pytest.mark.parametrize(
    ("mark", "versions"),
    [
        (".nvm/nvm.sh", ".nvm/versions/node/v22.1.0/bin"),
        (".local/share/fnm/fnm", ".local/share/fnm/node-versions/v22.1.0/installation/bin"),
        (".volta/bin/volta", ".volta/tools/image/node/22.1.0/bin"),
        (".asdf/bin/asdf", ".asdf/installs/nodejs/22.1.0/bin"),
    ],
)
def test_a_good_one_of_a_manager_that_path_does_not_lead_to_is_reached_by_the_command(
    path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, versions: str
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("SHELL", "/bin/bash")
    monkeypatch.setattr(shells, "current", lambda: shells.Shell("bash", login=False))
    (home / ".asdf/plugins/nodejs").mkdir(parents=True)
    script(home / mark.rpartition("/")[0], mark.rpartition("/")[2], "exit 1")
    good = program(home / versions, "node", "v22.1.0")
    program(path_dir, "node", "v16.20.2")
    found = node()
    assert found.sentence.startswith("Too old for SillyTavern, which needs 20 or later; ")
    assert f"'s 22.1.0 is in {short(good.parent)}." in found.sentence
    subprocess.run(["/bin/sh", "-c", found.command], check=True)
    asked = f". {home}/.bashrc; command -v node"
    done = subprocess.run(
        ["/bin/sh", "-c", asked],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": str(path_dir), "HOME": str(home)},
    )
    assert done.stdout.strip() == str(good)


@pytest.mark.usefixtures("path_dir", "sillytavern")
def test_a_manager_that_holds_one_is_told_where_none_is_on_path(tmp_path: Path) -> None:
    home = tmp_path / "home"
    script(home / ".nvm", "nvm.sh", "exit 1")
    good = program(home / ".nvm/versions/node/v22.1.0/bin", "node", "v22.1.0")
    found = node()
    assert found.verdict is Verdict.WARNING
    assert f"nvm's 22.1.0 is in {short(good.parent)}" in found.sentence
    assert "v22.1.0/bin" in found.fix
