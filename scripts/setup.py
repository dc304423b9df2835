"""Make ``.venv`` ready: llama.cpp built for this machine with its native programs, and termai.

Run by ``make`` as ``python3 -m scripts.setup [EXTRA ...]`` with the standard library only. What
is up to date is left alone, so that a second run takes a fraction of a second.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from scripts.native import NativeBuildError, cached_wheel
from termai.engines.recipe import choose_gpu, recipe
from termai.engines.wheels import compiler_version

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "termai-setup.json"

_MISSING = "make: {what} is missing; on Debian and Ubuntu: sudo apt install {package}"


class SetupError(Exception):
    """The set-up cannot go on; the message is one line that says what is missing."""


def main(extras: list[str]) -> int:
    """Bring ``.venv`` up to date with the named extras of pyproject.toml."""
    try:
        _ensure(frozenset(extras))
    except (SetupError, NativeBuildError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("make: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


def _ensure(extras: frozenset[str]) -> None:
    done = _read_stamp()
    if done.get("inputs") == _inputs() and extras <= set(done.get("extras", [])):
        return
    compiler = _check_tools()
    try:
        choice = choose_gpu(os.environ.get("TERMAI_GPU", ""))
    except ValueError as error:
        raise SetupError("make: TERMAI_GPU: expected cuda, hip, vulkan or none") from error
    print(f"llama.cpp: building for gpu={choice.gpu} ({choice.reason}; TERMAI_GPU overrides)")
    _make_venv()
    wheel = cached_wheel(recipe(choice.gpu, compiler=compiler), PYTHON)
    extras |= set(done.get("extras", []))
    _install(wheel, extras)
    stamp = {"inputs": _inputs(), "extras": sorted(extras), "wheel": str(wheel)}
    STAMP.write_text(json.dumps(stamp))


def _read_stamp() -> dict[str, Any]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and Path(stamp.get("wheel", "")).is_file() else {}


def _inputs() -> str:
    """Return a digest of everything that the environment is made from."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(os.environ.get("TERMAI_GPU", "").encode())
    digest.update(os.environ.get("TERMAI_CMAKE_ARGS", "").encode())
    for name in ("pyproject.toml", "constraints.txt", "termai/engines/recipe.py"):
        digest.update((ROOT / name).read_bytes())
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def _check_tools() -> str:
    """Return the C++ compiler's version line; raise SetupError when a tool is missing."""
    try:
        import ensurepip  # noqa: F401
    except ImportError as error:
        raise SetupError(_MISSING.format(what="python3-venv", package="python3-venv")) from error
    compiler = compiler_version()
    if not compiler:
        raise SetupError(_MISSING.format(what="a C++ compiler (g++)", package="g++"))
    if not shutil.which("git"):
        raise SetupError(_MISSING.format(what="git", package="git"))
    return compiler


def _make_venv() -> None:
    works = (
        PYTHON.exists()
        and subprocess.run(
            [PYTHON, "-m", "pip", "--version"], capture_output=True, check=False
        ).returncode
        == 0
    )
    if not works:
        print("python: creating .venv")
        venv.create(VENV, with_pip=True, clear=True)


def _install(wheel: Path, extras: frozenset[str]) -> None:
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    constraints = ["--constraint", str(ROOT / "constraints.txt")]
    names = f"[{','.join(sorted(extras))}]" if extras else ""
    print("python: installing termai and what it needs")
    for arguments in (
        ["--no-deps", "--force-reinstall", str(wheel)],
        [*constraints, "--editable", f"{ROOT}{names}"],
    ):
        if subprocess.run([*pip, *arguments], check=False).returncode:
            raise SetupError("make: pip could not install what is named above; mend it, run again")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
