"""The reference page says what the declarations say."""

import tomllib
from pathlib import Path

from scripts.options_page import PAGE, page
from termai.profiles.reading import read_profile
from termai.profiles.schema import OPTIONS
from termai.profiles.store import list_profiles
from termai.tomlfile import parse

PROFILES_PAGE = PAGE.parent / "profiles.md"


def test_the_reference_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m scripts.options_page"


def test_every_option_has_its_heading() -> None:
    assert [line[4:] for line in page().splitlines() if line.startswith("### ")] == [
        option.key for option in OPTIONS
    ]


def test_the_example_in_the_guide_is_a_right_profile() -> None:
    text = PROFILES_PAGE.read_text().split("```toml\n")[1].split("```")[0]
    profile = read_profile("x", parse(text, Path("profiles.md")), shipped=False, revision="")
    sections = ("model", "load", "server", "sampling", "chat")
    assert len(profile.values) == sum(len(tomllib.loads(text)[section]) for section in sections)


def test_the_guide_names_every_shipped_profile() -> None:
    for profile in list_profiles().profiles:
        assert f"| `{profile.name}` |" in PROFILES_PAGE.read_text()
