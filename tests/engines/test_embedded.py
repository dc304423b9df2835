"""The embedded engine's command line: what the host is told, and what is refused before."""

import json
from pathlib import Path
from typing import Any

import pytest

from termai.engines.base import Launch
from termai.engines.embedded import LlamaCppPython
from termai.engines.host.settings import VARIABLE
from termai.errors import UsageError
from termai.paths import config_dir
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, OPTIONS
from tests.support import free_port

ENGINE = LlamaCppPython()


def composed(model: Path, profile: Profile | None = None, **options: Any) -> Launch:
    wanted = (profile or Profile("p")).with_values(**options)
    return ENGINE.compose(wanted, ENGINE.detect(), model=model, port=free_port())


def told(launch: Launch) -> Any:
    return json.loads(launch.env[VARIABLE])


def test_the_host_is_told_the_model_the_address_and_what_is_set(model: Path) -> None:
    launch = composed(model, ctx_size=512, n_gpu_layers="all")
    assert launch.argv[1:] == ("-P", "-m", "termai.engines.host")
    assert told(launch) == {
        "model": str(model),
        "host": "127.0.0.1",
        "port": launch.port,
        "api_key_file": None,
        "options": {"ctx_size": 512, "n_gpu_layers": "all"},
    }


def test_the_key_is_handed_over_by_the_name_of_its_file(model: Path) -> None:
    config_dir().mkdir(parents=True)
    key = config_dir() / "key"
    key.write_text("open-sesame\n")
    key.chmod(0o600)
    launch = composed(model, api_key_file="key", host="0.0.0.0")
    assert told(launch)["api_key_file"] == str(key)
    assert "open-sesame" not in " ".join((*launch.argv, *launch.env.values()))


def test_listening_wider_without_a_key_is_refused(model: Path) -> None:
    with pytest.raises(UsageError, match="api_key_file"):
        composed(model, host="0.0.0.0")


@pytest.mark.parametrize(
    "options", [{"cpu_moe": True}, {"cache_reuse": 9}, {"reasoning": "off"}, {"metrics": True}]
)
def test_an_option_that_the_engine_lacks_is_named(model: Path, options: dict[str, Any]) -> None:
    (key,) = options
    with pytest.raises(UsageError, match=f"no `{key}`"):
        composed(model, **options)


def test_an_option_that_asks_for_what_happens_anyway_is_no_reason_to_refuse(model: Path) -> None:
    assert told(composed(model, cpu_moe=False, metrics=False))["options"] == {}


def test_slots_and_warm_up_are_done_without(model: Path) -> None:
    assert told(composed(model, parallel=4, warmup=False, timeout=60))["options"] == {}


def test_arguments_for_the_engine_are_refused_since_it_takes_none(model: Path) -> None:
    profile = Profile("p", args={EMBEDDED: ("--n_ctx", "1")})
    with pytest.raises(UsageError, match="takes none"):
        composed(model, profile)


def test_what_the_host_acts_on_is_what_the_options_say_it_knows(model: Path) -> None:
    """Every option declared for the engine is read by the host or by the layer above it."""
    sources = Path(__file__).parents[2] / "termai" / "engines"
    text = "".join(path.read_text() for path in sources.rglob("*.py"))
    elsewhere = {"path", "port_strict", "system_prompt"}
    known = {o.key for o in OPTIONS if EMBEDDED in o.engines} - elsewhere
    assert [key for key in sorted(known) if f'"{key}"' not in text] == []


def test_the_users_own_environment_is_applied(model: Path) -> None:
    launch = composed(model, Profile("p", env={"OMP_NUM_THREADS": "1"}))
    assert launch.env["OMP_NUM_THREADS"] == "1"
