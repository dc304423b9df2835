"""Limits of the login, and the processor."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from termai.environment import Verdict, cpu, place, user_limits
from tests.environment import trees

pytestmark = pytest.mark.usefixtures("root_user")

ZEN = "fpu sse2 pni ssse3 sse4_2 avx f16c fma avx2 bmi2 avx512f avx512vbmi avx512_vnni"
CPUINFO = "processor\t: 0\nmodel name\t: AMD Ryzen 9 7950X\nflags\t\t: {}\n\nprocessor\t: 1\n"


def test_what_may_be_locked_is_told() -> None:
    (found,) = user_limits.memory_lock(lambda: None)
    assert found.verdict is Verdict.OK
    (found,) = user_limits.memory_lock(lambda: 8 << 20)
    assert found.verdict is Verdict.NOT_NEEDED
    assert "8.00 MiB" in found.sentence


@pytest.mark.parametrize(
    ("soft", "hard", "fix"),
    [(256, 4096, "ulimit -n 1024"), (256, 256, "limits.conf"), (1024, 1024, ""), (-1, -1, "")],
)
def test_few_open_files_are_a_warning(
    soft: int, hard: int, fix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "container", lambda *_: "")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    (found,) = user_limits.open_files(lambda kind: (soft, hard))
    assert (found.verdict is Verdict.WARNING) == bool(fix)
    assert fix in found.fix


def test_a_limit_is_raised_for_the_one_who_asks_and_where_it_was_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(place, "container", lambda *_: "")
    monkeypatch.setattr(place, "user", lambda: "root")
    (found,) = user_limits.memory_lock(lambda: 64 << 10)
    assert "`root - memlock unlimited` in /etc/security/limits.conf" in found.fix
    (found,) = user_limits.open_files(lambda _: (64, 64))
    assert found.fix == "ulimit -n 1024 before termai is started", "root may raise it"
    monkeypatch.setattr(place, "container", lambda *_: "docker")
    (found,) = user_limits.open_files(lambda _: (64, 64))
    assert "--ulimit nofile=4096" in found.fix


def test_the_limits_of_a_real_process_are_those_that_ulimit_set() -> None:
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))\n"
        "from termai.environment import user_limits\n"
        "for look in (user_limits.open_files, user_limits.addresses):\n"
        "    print(*(found.sentence for found in look()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "may open 64 files only" in done.stdout
    assert "files of 1.00 GiB only" in done.stdout


def test_a_limit_of_addresses_is_a_problem() -> None:
    def ask(kind: int) -> tuple[int, int]:
        most = 4 << 30 if kind == resource.RLIMIT_AS else resource.RLIM_INFINITY
        return most, most

    (found,) = user_limits.addresses(ask)
    assert (found.name, found.verdict) == ("Address space", Verdict.PROBLEM)


@pytest.mark.parametrize(
    ("membership", "place"),
    [("0::/user.slice\n", "sys/fs/cgroup/user.slice"), ("8:pids:/\n0::/\n", "sys/fs/cgroup/pids")],
)
def test_few_threads_left_are_a_warning(tmp_path: Path, membership: str, place: str) -> None:
    trees.write(tmp_path, {"proc/self/cgroup": membership})
    assert not list(user_limits.tasks(tmp_path))
    trees.write(tmp_path, {f"{place}/pids.max": "max\n", f"{place}/pids.current": "90\n"})
    assert not list(user_limits.tasks(tmp_path))
    trees.write(tmp_path, {f"{place}/pids.max": "100\n"})
    (found,) = user_limits.tasks(tmp_path)
    assert "Only 10 more threads" in found.sentence


def test_a_share_of_the_processors_is_told(tmp_path: Path) -> None:
    trees.write(
        tmp_path,
        {
            "sys/devices/system/cpu/online": "0-31,64\n",
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/cpu.max": "max 100000\n",
        },
    )
    assert not list(user_limits.processors(tmp_path))
    trees.write(tmp_path, {"sys/fs/cgroup/cpu.max": "250000 100000\n"})
    (found,) = user_limits.processors(tmp_path)
    assert found.sentence.startswith("Of 33 processors this login may use 2.5")


def test_a_processor_is_named_with_what_it_can_do(tmp_path: Path) -> None:
    trees.write(tmp_path, {"proc/cpuinfo": CPUINFO.format(ZEN)})
    assert "AVX512_VBMI" in cpu.features(tmp_path)
    (found,) = cpu.processor(tmp_path, "x86_64")
    assert found.verdict is Verdict.OK
    assert found.sentence.startswith("AMD Ryzen 9 7950X has ")


def test_a_virtual_machine_that_hides_avx2_is_named(tmp_path: Path) -> None:
    trees.write(tmp_path, {"proc/cpuinfo": CPUINFO.format("sse2 pni ssse3 hypervisor")})
    (found,) = cpu.processor(tmp_path, "x86_64")
    assert found.verdict is Verdict.WARNING
    assert "no AVX2, FMA, F16C" in found.sentence
    assert "-cpu host" in found.fix


def test_an_arm_is_read_too(tmp_path: Path) -> None:
    features = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm sve\n"
    trees.write(tmp_path, {"proc/cpuinfo": features})
    assert cpu.features(tmp_path) == ("NEON", "DOTPROD", "MATMUL_INT8", "SVE")
    (found,) = cpu.processor(tmp_path, "aarch64")
    assert found.verdict is Verdict.OK


def test_an_engine_built_for_more_than_there_is_is_named(tmp_path: Path) -> None:
    trees.write(tmp_path, {"proc/cpuinfo": CPUINFO.format(ZEN)})
    assert cpu.lacking(["AVX2", "AMX_INT8", "LLAMAFILE"], tmp_path) == ("AMX_INT8",)
    assert not cpu.lacking(["AVX2"], tmp_path / "nothing")


def test_a_processor_held_at_its_lowest_clock_is_named(tmp_path: Path) -> None:
    policy = "sys/devices/system/cpu/cpu0/cpufreq"
    trees.write(tmp_path, {f"{policy}/scaling_governor": "powersave\n"})
    trees.write(tmp_path, {f"{policy}/scaling_driver": "intel_pstate\n"})
    assert not list(cpu.frequency(tmp_path))
    trees.write(tmp_path, {f"{policy}/scaling_driver": "acpi-cpufreq\n"})
    (found,) = cpu.frequency(tmp_path)
    assert found.verdict is Verdict.WARNING
