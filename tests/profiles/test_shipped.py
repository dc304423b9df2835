"""The profiles that come with termai are right, explained, and say what they leave open."""

import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.errors import UsageError
from termai.paths import shipped_dir
from termai.profiles.profile import Profile
from termai.profiles.schema import ENGINES
from termai.profiles.store import list_profiles, load_profile

NAMES = ("cpu-small", "long-context", "moe-offload", "multi-gpu", "single-gpu", "smoke")


def test_every_shipped_profile_is_right() -> None:
    listing = list_profiles()
    assert listing.problems == ()
    assert tuple(profile.name for profile in listing.profiles) == NAMES
    assert all(profile.shipped for profile in listing.profiles)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_is_explained_to_a_person(name: str) -> None:
    profile = load_profile(name)
    text = (shipped_dir("profiles") / f"{name}.toml").read_text()
    assert 20 <= len(profile.description) <= 80
    assert len(re.findall(r"^# |  # ", text, re.MULTILINE)) >= 8
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", NAMES)
def test_its_engine_knows_every_option_it_sets(name: str) -> None:
    profile = load_profile(name)
    assert profile.engine in ("auto", *ENGINES)
    if name != "smoke":
        assert "schema = 1\n" in (shipped_dir("profiles") / f"{name}.toml").read_text()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "smoke"])
def test_starting_one_without_a_model_says_how_to_name_one(name: str) -> None:
    profile = load_profile(name)
    with pytest.raises(UsageError) as caught:
        profile.model_reference()
    assert f"termai start {name} --set path=FILE" in caught.value.fix
    assert profile.with_values(path="x.gguf").model_reference() == "x.gguf"
    assert "--set path=FILE" in (shipped_dir("profiles") / f"{name}.toml").read_text()
