"""The built wheel, installed into a clean environment and run from elsewhere."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def succeed(*argv: object, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in argv], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{argv}: {done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("dist")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    succeed(*pip, "--wheel-dir", into, ROOT, cwd=into)
    return next(into.glob("termai-*.whl"))


@pytest.fixture(scope="module")
def llama_wheel() -> Path:
    stamp = json.loads((Path(sys.prefix) / "termai-setup.json").read_text())
    return Path(stamp["wheel"])


def test_the_wheel_holds_the_themes_the_profiles_and_the_smoke_model(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {path.name for path in (ROOT / "themes").glob("*.toml")}
    assert shipped
    assert {Path(n).name for n in names if n.startswith("termai/_shipped/themes/")} == shipped
    assert "termai/_shipped/profiles/smoke.toml" in names
    assert "termai/models/smoke/termai-smoke-q8_0.gguf" in names
    assert "termai/py.typed" in names
    assert not [n for n in names if n.startswith(("tests/", "training/", "benchmarks/"))]


@pytest.mark.slow
def test_the_wheel_works_in_a_clean_environment(
    wheel: Path, llama_wheel: Path, tmp_path: Path
) -> None:
    clean = tmp_path / "clean"
    venv.create(clean, with_pip=True)
    pip = (clean / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check")
    constraints = ("--constraint", ROOT / "constraints.txt")
    succeed(*pip, *constraints, f"{llama_wheel}[server]", wheel, cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    termai = clean / "bin" / "termai"
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}

    assert succeed(termai, "--version", cwd=elsewhere, env=env).startswith("termai ")
    listed = json.loads(succeed(termai, "profiles", "list", "--json", cwd=elsewhere, env=env))
    assert {"smoke", "cpu-small", "single-gpu"} <= {profile["name"] for profile in listed}
    question = "What is the capital of France?"
    try:
        answer = succeed(termai, "run", "smoke", question, cwd=elsewhere, env=env)
        assert answer.strip() == "The capital of France is Paris."
    finally:
        succeed(termai, "stop", "--all", cwd=elsewhere, env=env)
