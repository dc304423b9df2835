"""Python on PATH: its version, venv, pip, PEP 668, and uv."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, interpreters, pips, programs, pythons
from termai.environment.running import Findings
from tests.environment.on_path import program, script


def named(findings: Findings) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def python(directory: Path, name: str = "python3", version: str = "3.12.1", **told: object) -> Path:
    """Write a Python that tells these facts of itself."""
    facts = {"venv": False, "can_venv": True, "pip": "24.0", "managed": False} | told
    answer = json.dumps({"version": version, **facts})
    body = f"[ $1 = --version ] && echo Python {version} || echo '{answer}'"
    return script(directory, name, body)


def test_the_one_that_runs_termai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONHOME", raising=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (found,) = pythons.running()
    assert (found.verdict, found.path) == (Verdict.OK, sys.executable)


def test_variables_that_lead_python_astray_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONHOME", raising=False)
    monkeypatch.setenv("PYTHONPATH", "/opt/old")
    found = named(pythons.running())["Python variables"]
    assert (found.verdict, found.fix) == (Verdict.WARNING, "unset PYTHONPATH")
    (tmp_path / "home/.zshrc").write_text("# PYTHONPATH=/no\n  export PYTHONPATH=/opt/old\n")
    found = named(pythons.running())["Python variables"]
    assert found.fix == "unset PYTHONPATH, and remove it from ~/.zshrc, line 2"


def test_a_real_virtual_environment_answers(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    told = interpreters.ask(str(tmp_path / "venv/bin/python3"))
    assert told is not None
    assert told.venv
    assert not told.pip
    assert told.version == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize("says", ["", "{", "[]", "Traceback: no"])
def test_nonsense_is_no_answer(path_dir: Path, says: str) -> None:
    assert interpreters.ask(str(program(path_dir, "python3", says))) is None


def test_a_good_one(path_dir: Path) -> None:
    path = python(path_dir)
    found = named(pythons.on_path())
    assert found["python3"].path == str(path)
    assert [found[name].verdict for name in ("python3", "venv")] == [Verdict.OK, Verdict.OK]
    assert found["PEP 668"].verdict is Verdict.NOT_NEEDED


@pytest.mark.usefixtures("debian")
def test_debian_keeps_venv_in_a_package(path_dir: Path) -> None:
    python(path_dir, can_venv=False)
    found = named(pythons.on_path())["venv"]
    assert found.verdict is Verdict.WARNING
    assert found.command == "apt-get install -y python3-venv"
    assert "ensurepip" in found.cause


def test_pep_668_is_told_where_it_holds(path_dir: Path) -> None:
    python(path_dir, managed=True)
    assert named(pythons.on_path())["PEP 668"].verdict is Verdict.OK
    python(path_dir, managed=True, venv=True)
    assert named(pythons.on_path())["PEP 668"].verdict is Verdict.NOT_NEEDED


@pytest.mark.usefixtures("debian")
def test_an_old_one_is_named(path_dir: Path) -> None:
    python(path_dir, version="3.9.2")
    found = named(pythons.on_path())["python3"]
    assert (found.verdict, found.version) == (Verdict.WARNING, "3.9.2")
    assert "3.11 or later" in found.sentence
    assert found.command == ""
    program(path_dir, "uv", "uv 0.9.1")
    assert named(pythons.on_path())["python3"].command == "uv python install 3.12"


@pytest.mark.usefixtures("debian")
def test_a_missing_one_is_named(path_dir: Path) -> None:
    found = named(pythons.on_path())["python3"]
    assert found.command == "apt-get install -y python3 python3-venv"
    assert path_dir.is_dir()


def pip_text(python: str) -> str:
    return f"pip 23.0.1 from /usr/lib/python3/dist-packages/pip (python {python})"


@pytest.fixture
def elsewhere(path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a second directory of PATH."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{path_dir}:{place}")
    return place


def test_pip_beside_its_python_is_not_started(path_dir: Path) -> None:
    python(path_dir)
    program(path_dir, "pip", "started", 1)
    found = named(pythons.on_path())["pip"]
    assert (found.verdict, found.version) == (Verdict.OK, "24.0")


def test_pip_of_the_same_python_is_fine(path_dir: Path, elsewhere: Path) -> None:
    python(path_dir)
    program(elsewhere, "pip", pip_text("3.12"))
    found = named(pythons.on_path())["pip"]
    assert (found.verdict, found.version) == (Verdict.OK, "23.0.1")


def test_pip_is_not_started_where_its_python_can_be_asked(path_dir: Path, elsewhere: Path) -> None:
    other = python(elsewhere, "python3.9", "3.9.2", pip="21.1")
    python(path_dir)
    (elsewhere / "pip").write_text(f"#!{other}\nraise SystemExit('started')\n")
    (elsewhere / "pip").chmod(0o755)
    found = named(pythons.on_path())["pip"]
    assert found.sentence == "Installs for Python 3.9.2, while python3 is 3.12.1."
    assert found.version == "21.1"


def test_pip_of_another_python_is_a_warning(path_dir: Path, elsewhere: Path) -> None:
    python(path_dir)
    program(elsewhere, "pip3", pip_text("3.9"))
    found = named(pythons.on_path())["pip"]
    assert found.verdict is Verdict.WARNING
    assert found.sentence == "Installs for Python 3.9, while python3 is 3.12.1."
    assert "python3 -m pip" in found.fix


@pytest.mark.usefixtures("debian")
def test_pip_whose_python_is_gone_is_a_warning(path_dir: Path) -> None:
    (path_dir / "pip").write_text("#!/nowhere/python3.9\n")
    (path_dir / "pip").chmod(0o755)
    found = named(pythons.on_path())["pip"]
    assert found.verdict is Verdict.WARNING
    assert "cannot be started" in found.sentence
    assert "Remove " in found.fix


def test_pip_is_not_missed_where_something_stands_in_for_it(path_dir: Path) -> None:
    assert named(pythons.on_path())["pip"].verdict is Verdict.NOT_NEEDED
    python(path_dir)
    assert named(pythons.on_path())["pip"].sentence == "Is started by python3 -m pip."
    python(path_dir, pip="")
    assert "virtual environments" in named(pythons.on_path())["pip"].sentence
    program(path_dir, "uv", "uv 0.9.1")
    assert named(pythons.on_path())["pip"].sentence == "Not found; uv does the same."


def test_uv_is_told_and_not_missed(path_dir: Path) -> None:
    (found,) = pips.uv()
    assert found.verdict is Verdict.NOT_NEEDED
    program(path_dir, "uv", "uv 0.9.1 (abc 2025-10-01)")
    (found,) = pips.uv()
    assert (found.verdict, found.version) == (Verdict.OK, "0.9.1")


def test_the_systems_own_python_answers() -> None:
    """What the question asks exists in every Python that runs here."""
    told = interpreters.ask(sys.executable)
    assert told is not None
    text = subprocess.run(
        [sys.executable, "-c", "import sys; print(sys.prefix != sys.base_prefix)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert text.strip() == str(told.venv)


def test_nothing_of_the_current_directory_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('run')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert interpreters.ask(sys.executable) is not None


def test_one_that_hangs_is_asked_once(path_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(path_dir, "python3", f"echo >>{path_dir}/asked; exec /bin/sleep 60")
    program(path_dir, "pip", "pip 24.0 (python 3.12)")
    monkeypatch.setattr(programs, "TIME_LIMIT_S", 0.5)
    (found,) = pythons.on_path()
    assert (found.name, found.verdict) == ("python3", Verdict.WARNING)
    assert "gives no answer within 0.5 s" in found.sentence
    assert (path_dir / "asked").read_text() == "\n"


def test_a_pip_that_hangs_is_a_warning(path_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python(path_dir, pip="")
    script(path_dir, "pip", "exec /bin/sleep 60")
    monkeypatch.setattr(programs, "TIME_LIMIT_S", 1.0)
    found = named(pythons.on_path())["pip"]
    assert found.verdict is Verdict.WARNING
    assert "It hangs" in found.cause
    assert "python3 -m pip" in found.fix
