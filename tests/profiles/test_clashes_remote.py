"""What is wrong with the address of a server that runs already; a person alone can mend it."""

import pytest

from termai.profiles.clashes import EngineFacts, Severity, find
from termai.profiles.option import VLLM
from termai.profiles.profile import Profile
from tests.profiles.clash_samples import EMBEDDED, NATIVE, OLLAMA, REMOTE, Setup

LAN = "http://192.0.2.1"


def names(engine: str, **values: object) -> list[str]:
    return [clash.name for clash in Setup(values, engine=EngineFacts(engine)).found()]


@pytest.mark.parametrize(
    ("engine", "values", "expected"),
    [
        (REMOTE, {"url": OLLAMA}, []),
        (REMOTE, {"url": "https://example.org/api/v1", "api_key_file": "key"}, []),
        (REMOTE, {"url": OLLAMA, "temperature": 0.5, "alias": "qwen3:8b"}, []),
        (REMOTE, {}, ["no-address"]),
        (REMOTE, {"url": "ollama"}, ["no-address"]),
        (REMOTE, {"url": "http://me:password@host"}, ["no-address"]),
        (REMOTE, {"url": LAN, "api_key_file": "key"}, ["key-in-the-clear"]),
        (REMOTE, {"url": LAN}, []),
        (NATIVE, {"url": OLLAMA}, ["address-without-its-engine"]),
        (EMBEDDED, {"url": OLLAMA}, ["address-without-its-engine"]),
        (NATIVE, {}, []),
        (VLLM, {"ray_address": "10.0.0.1:6379"}, []),
        (VLLM, {"ray_address": "10.0.0.1"}, ["no-ray-address"]),
        (VLLM, {"host": "0.0.0.0", "api_key_file": "key"}, ["engine-listens-here-only"]),
    ],
)
def test_what_is_wrong_with_an_address(
    engine: str, values: dict[str, object], expected: list[str]
) -> None:
    assert names(engine, **values) == expected


def test_the_profile_names_the_engine_where_no_other_is_known() -> None:
    clashes = find(Profile("x", engine=REMOTE))
    assert [(clash.name, clash.severity) for clash in clashes] == [("no-address", Severity.PROBLEM)]


@pytest.mark.parametrize(
    "url", ["http://me:hunter2@host", "http://host/v1?key=hunter2", "http://host/#hunter2"]
)
def test_a_password_in_an_address_is_not_repeated(url: str) -> None:
    profile = Profile("x", engine=REMOTE).with_values(url=url)
    assert "hunter2" not in repr(find(profile))
