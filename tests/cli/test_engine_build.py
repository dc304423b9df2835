"""A build on the command line: shown while it goes on, told when it is over."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.cli import engine_build
from termai.doctor import building
from termai.doctor.building import Wanted
from termai.engines import builds
from termai.engines.builds import Build, Phase
from termai.errors import TermaiError
from termai.jobs import control, store
from termai.jobs.records import Exit, Job, JobSpec, JobState
from termai.jobs.states import JobStatus
from tests.cli.conftest import ROOT, TERMAI, Termai, environment
from tests.doctor.test_building import wheel
from tests.support import native_bin, wait_until


@pytest.fixture
def pip(home: Path) -> Iterator[dict[str, str]]:
    """Return an environment in which pip is the stand-in; what is built is the real server."""
    (home / "pip").mkdir()
    (home / "pip" / "__init__.py").touch()
    (home / "pip" / "__main__.py").write_text(
        "import sys\nfrom tests.fakes.pip_wheel import main\n"
        "sys.exit(main(['-m', 'pip', *sys.argv[1:]]))\n"
    )
    made = wheel(home, f'exec {native_bin("llama-server")} "$@"')
    yield {
        "PYTHONPATH": f"{home}:{ROOT}",
        "FAKE_WHEEL": str(made),
        "FAKE_GATE": str(home / "gate"),
        "TERMAI_BUILD_CACHE": str(home / "cache"),
    }
    for left in store.list_jobs():
        if left.alive:
            control.stop(left, grace_s=5.0)


@pytest.mark.slow
def test_ctrl_c_leaves_a_build_going_and_the_same_command_shows_it_again(
    termai: Termai, pip: dict[str, str], home: Path
) -> None:
    watched = subprocess.Popen(
        [*TERMAI, "engines", "build", "--gpu", "none"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**pip),
    )
    wait_until(lambda: (found := builds.latest()) and found.percent == 50)
    watched.send_signal(signal.SIGINT)
    assert "The build goes on." in watched.communicate(timeout=20)[1]
    assert watched.returncode == 130
    again = subprocess.Popen(
        [*TERMAI, "engines", "build"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**pip),
    )
    assert again.stderr is not None
    first = again.stderr.readline()
    (home / "gate").touch()
    shown, rest = again.communicate(timeout=60)
    assert again.returncode == 0, rest
    assert "runs already" in first + rest
    assert "CPU: loads and answers rightly" in shown
    assert "It is used from now on:" in shown
    told = json.loads(termai("engines", "list", "--json").stdout)
    assert told["engines"][0]["source"] == "configured in config.toml"
    assert "the one that auto finds" in termai("engines", "back").stdout


def job(home: Path) -> Job:
    spec = JobSpec("1", "build", "llama.cpp", (), "/", {}, (), 1.0, 1, 0, 0.0, {"gpu": "cuda"})
    state = JobState(JobStatus.FAILED, exit=Exit(1, None, "exited"))
    return Job(home / "job", spec, state)


def test_how_far_it_is_on_one_line(home: Path) -> None:
    build = Build(job(home), Phase.COMPILING, 40, "ggml.c", 90.0)
    assert engine_build.sentence(build) == (
        "compiling 40 %, 1 min 30 s, about 2 min 15 s left, ggml.c"
    )
    assert len(engine_build.sentence(build, 20)) == 20
    begun = Build(job(home), Phase.COMPILING, 3, "ggml.c", 9.0)
    assert engine_build.sentence(begun) == "compiling 3 %, 9 s, ggml.c"
    proving = Build(job(home), Phase.PROVING, None, "llama-server on CUDA0", 3.0)
    assert engine_build.sentence(proving) == "proving, 3 s, llama-server on CUDA0"


def test_a_build_that_works_is_told_with_what_was_measured(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proofs = [
        {"device": "CPU", "tokens_per_second": 90.4, "layers": 0, "total": 5},
        {"device": "CUDA0", "tokens_per_second": 912.0, "layers": 5, "total": 5},
    ]
    result = {"program": "/b/bin/llama-server", "version": "1", "before": "", "proofs": proofs}
    done = Build(job(home), Phase.DONE, seconds=61.0, result={**result, "compiled": True})
    monkeypatch.setattr(building, "start", lambda _: (done, False))
    assert engine_build.build(Wanted(), wait=True, as_json=False) == 0
    said = capsys.readouterr()
    assert "was built in 1 min 01 s, and works:" in said.out
    assert "CUDA0: loads and answers rightly, 912 tokens per second" in said.out
    assert "It is used from now on: /b/bin/llama-server" in said.out
    assert "auto still takes" in said.err
    assert "sees no GPU" in said.err


def test_a_failed_build_is_an_error_with_its_lines(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Build(
        job(home), Phase.FAILED, problem="It broke.", fix="Mend it.", detail=("x",), exit_code=7
    )
    monkeypatch.setattr(building, "start", lambda _: (failed, True))
    with pytest.raises(TermaiError) as caught:
        engine_build.build(Wanted(), wait=True, as_json=False)
    assert (caught.value.message, caught.value.detail, caught.value.exit_code) == (
        "It broke.",
        ("x",),
        7,
    )


@pytest.mark.parametrize(
    ("script", "phase", "words"),
    [
        ('echo \'termai-build: {"phase": "proving", "doing": "it"}\'; sleep 60', "proving", "it"),
        ('echo \'termai-build: {"phase": "nonsense"}\'; sleep 60', "preparing", ""),
        ("echo 'termai-build: {'; echo '[3/4] g++ -c /x/y.cpp'; sleep 60", "compiling", "y.cpp"),
        ("echo 'termai-build: []'; echo '[3/0] g++ -c /x/y.cpp'; sleep 60", "preparing", ""),
    ],
)
def test_what_a_log_says_of_a_build_that_runs(script: str, phase: str, words: str) -> None:
    begun = control.launch(builds.KIND, builds.NAME, ("sh", "-c", script), grace_s=1.0)
    try:
        wait_until(lambda: "x" in begun.log_path.read_text() or "}" in begun.log_path.read_text())
        seen = builds.latest()
        assert seen
        assert (str(seen.phase), seen.doing) == (phase, words)
    finally:
        control.stop(store.refresh(begun), grace_s=0.0)
    stopped = builds.latest()
    assert stopped
    assert stopped.phase is Phase.STOPPED
