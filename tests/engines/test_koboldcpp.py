"""KoboldCPP as an engine: where it is found, its command line, and what it refuses."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from termai import settings
from termai.engines import choose, drift, installed, probe
from termai.engines.koboldcpp import KoboldCpp
from termai.engines.probe import ProbeError
from termai.errors import NotFoundError, UsageError
from termai.profiles.profile import Profile
from tests.fakes import koboldcpp
from tests.servers.models import write_tiny


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a koboldcpp.py that is configured."""
    path = tmp_path / "unpacked" / "koboldcpp.py"
    path.parent.mkdir()
    shutil.copy(koboldcpp.__file__, path)
    settings.save(koboldcpp=str(path))
    return path


def profile(**values: Any) -> Profile:
    return Profile("kobold", engine="koboldcpp").with_values(**values)


def argv(wanted: Profile, model: Path = Path("/models/m.gguf")) -> list[str]:
    """Return the flags after the program's own."""
    engine, detection = choose.choose("koboldcpp")
    launch = engine.compose(wanted, detection, model=model, port=5001)
    return list(launch.argv[2:])


def test_an_unpacked_one_is_run_by_a_python_and_asked_once(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detection = KoboldCpp().detect()
    assert detection.version == koboldcpp.VERSION
    assert detection.source == "configured in config.toml"
    assert "--contextsize" in detection.options
    monkeypatch.setattr(probe, "output", None)
    assert KoboldCpp().detect() == detection


def test_a_binary_on_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "bin" / "koboldcpp-linux-x64"
    binary.parent.mkdir()
    binary.write_text(f'#!/bin/sh\nexec {sys.executable} {koboldcpp.__file__} "$@"\n')
    binary.chmod(0o700)
    monkeypatch.setenv("PATH", str(binary.parent))
    detection = KoboldCpp().detect()
    assert (detection.program, detection.source) == (binary, "on PATH")
    launch = KoboldCpp().compose(profile(), detection, model=Path("/m.gguf"), port=5001)
    assert launch.argv[:3] == (str(binary), "--model", "/m.gguf")


def test_a_script_on_path_needs_no_permission_to_execute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bin" / "koboldcpp.py"
    script.parent.mkdir()
    shutil.copyfile(koboldcpp.__file__, script)
    script.chmod(0o600)
    monkeypatch.setenv("PATH", str(script.parent))
    detection = KoboldCpp().detect()
    assert (detection.program, detection.version) == (script, koboldcpp.VERSION)


@pytest.mark.parametrize("configured", [True, False])
def test_a_binary_that_may_not_be_executed_is_told_with_what_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, configured: bool
) -> None:
    binary = tmp_path / "koboldcpp-linux-x64-oldpc"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o600)
    monkeypatch.setenv("PATH", "" if configured else str(tmp_path))
    if configured:
        settings.save(koboldcpp=str(binary))
    with pytest.raises(NotFoundError) as caught:
        KoboldCpp().detect()
    assert caught.value.message == f"{binary} is there, and is not executable."
    assert caught.value.fix == f"Run `chmod +x {binary}`."


@pytest.mark.parametrize(
    ("end", "words"),
    [("sys.exit(3)", "ends with code 3"), ("os.kill(os.getpid(), 4)", "was built for another CPU")],
)
def test_one_that_does_not_run_here_gets_the_advice_of_its_own_releases(
    tmp_path: Path, end: str, words: str
) -> None:
    script = tmp_path / "koboldcpp.py"
    script.write_text(f"import os, sys\n{end}\n")
    settings.save(koboldcpp=str(script))
    with pytest.raises(ProbeError) as caught:
        KoboldCpp().detect()
    assert caught.value.message.startswith(f"{script} ")
    assert words in caught.value.message
    assert "koboldcpp-linux-x64-oldpc" in caught.value.fix
    assert "engines build" not in caught.value.fix


def test_none_is_told_with_where_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFoundError) as caught:
        choose.choose("koboldcpp")
    assert "config.toml" in caught.value.fix
    assert "koboldcpp" in [absent.engine for absent in installed.look().absent]


def test_a_configured_one_that_is_gone_is_named() -> None:
    settings.save(koboldcpp="/nowhere/koboldcpp")
    with pytest.raises(NotFoundError, match="/nowhere/koboldcpp"):
        choose.choose("koboldcpp")


def test_another_program_is_no_koboldcpp(tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text("print('usage: other [--help]')")
    settings.save(koboldcpp=str(other))
    with pytest.raises(ProbeError, match="is no KoboldCPP"):
        choose.choose("koboldcpp")


def test_a_profile_becomes_its_flags(program: Path) -> None:
    flags = argv(
        profile(
            ctx_size=8192, n_gpu_layers=20, tensor_split=[3, 1], mlock=True, cache_type_k="q8_0",
            cache_type_v="q8_0", threads=4, parallel=2, override_kv=["a.b=int:1"],
            temperature=0.5,
        )
    )  # fmt: skip
    assert flags[:6] == ["--model", "/models/m.gguf", "--host", "127.0.0.1", "--port", "5001"]
    given = koboldcpp.parser().parse_args(flags)
    assert (given.contextsize, given.gpulayers, given.threads) == (8192, 20, 4)
    assert (given.tensor_split, given.quantkv, given.parallelrequests) == ([3.0, 1.0], "q8_0", 2)
    assert all((given.usemlock, given.quiet, given.skiplauncher, given.jinja))
    assert given.overridekv == "a.b=int:1"
    assert "--temperature" not in flags


def test_no_layers_on_the_gpu_are_told_and_not_left_to_it(program: Path) -> None:
    assert koboldcpp.parser().parse_args(argv(profile(n_gpu_layers=0))).gpulayers == 0


def test_files_beside_the_model_are_found(program: Path, tmp_path: Path) -> None:
    beside = tmp_path / "mmproj.gguf"
    write_tiny(beside)
    template = tmp_path / "t.jinja"
    template.write_text("{{ messages }}")
    flags = argv(profile(mmproj=str(beside), chat_template_file=str(template)))
    given = koboldcpp.parser().parse_args(flags)
    assert (given.mmproj, given.jinjatemplate) == (str(beside), str(template))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (profile(api_key_file="key"), "no `api_key_file`"),
        (profile(min_p=0.1, numa="isolate"), "no `numa`"),
        (profile(cache_type_k="q8_0", cache_type_v="f16"), "one type for keys and values"),
        (profile(batch_size=4096, ubatch_size=512), "one size for both"),
        (profile(host="0.0.0.0"), "listens on this machine only, not on 0.0.0.0"),
    ],
)
def test_what_it_cannot_do_is_refused(program: Path, wanted: Profile, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        argv(wanted)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "flag",
    [
        *("--password=x", "--adminpassword", "--port", "--config", "--hos=0.0.0.0", "--ho"),
        *("--passw", "--remotetunnel", "--remotet"),
    ],
)
def test_flags_that_are_secrets_or_its_own_are_refused(program: Path, flag: str) -> None:
    wanted = Profile("k", engine="koboldcpp", args={"koboldcpp": (flag, "hunter2")})
    with pytest.raises(UsageError) as caught:
        argv(wanted)
    assert "hunter2" not in str(caught.value)


def test_a_password_in_the_environment_never_gets_there(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KCPP_PASSWORD", "hunter2")
    engine, detection = choose.choose("koboldcpp")
    launch = engine.compose(profile(), detection, model=Path("/m.gguf"), port=1)
    assert launch.unset_env == ("KCPP_PASSWORD",)
    with pytest.raises(UsageError, match="KCPP_PASSWORD"):
        argv(Profile("k", engine="koboldcpp", env={"KCPP_PASSWORD": "hunter2"}))


def test_further_arguments_are_passed_on(program: Path) -> None:
    for flag in ("--nobostoken", "--admin"):  # the latter begins as --adminpassword does
        wanted = Profile("k", engine="koboldcpp", args={"koboldcpp": (flag,)})
        assert argv(wanted)[-1] == flag


def test_an_older_one_without_a_flag_is_told(program: Path) -> None:
    program.write_text(program.read_text().replace("--parallelrequests", "--other"))
    with pytest.raises(UsageError, match="has no --parallelrequests"):
        argv(profile(parallel=2))


def test_drift_knows_the_options_that_it_lacks(program: Path) -> None:
    detection = KoboldCpp().detect()
    assert [one.where for one in drift.check(profile(numa="isolate", ctx_size=1), detection)] == [
        "load.numa"
    ]
