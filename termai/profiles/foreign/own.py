"""A profile of termai from elsewhere: a file that somebody handed over."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from termai import tomlfile
from termai.profiles.foreign.base import Exported, Format, Imported, Left, Source, Wanted
from termai.profiles.foreign.secrets import NOT_ASKED_FOR, plain
from termai.profiles.kept import HIDDEN, hides
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of, read_profile


def read(source: Source) -> tuple[Imported, ...]:
    """Return the profile that a file of termai's own form holds."""
    where = source.path or Path(source.name)
    document = tomlfile.parse(source.text, where)
    name = name_for(source.path.stem if source.path else "", "imported")
    profile = read_profile(name, document, shipped=False, revision="")
    return (Imported(replace(profile, path=None)),)


def write(profile: Profile, wanted: Wanted) -> Exported:
    """Return a new file that says what the profile says, without comments."""
    open_ = plain(profile, wanted)
    secrets = [
        (foreign, key)
        for foreign, texts in profile.kept.items()
        for key, text in texts.items()
        if hides(key, text)
    ]
    if wanted.with_secrets:
        text = tomlfile.new_text(keys_of(profile))
        return Exported(text, private=open_.private or bool(secrets))
    kept: dict[str, Mapping[str, str]] = {}
    for foreign, texts in profile.kept.items():
        kept[foreign] = {key: text for key, text in texts.items() if (foreign, key) not in secrets}
    text = tomlfile.new_text(keys_of(replace(open_.profile, kept=kept)))
    lacking = [Left(f"kept.{foreign}.{key}", HIDDEN, NOT_ASKED_FOR) for foreign, key in secrets]
    return Exported(text, (*open_.left, *lacking))


def _claims(text: str) -> bool:
    head = text.lstrip()[:2000]
    return any(line.replace(" ", "").startswith("schema=") for line in head.splitlines())


FORMAT = Format("termai", "termai profile", ".toml", (".toml",), _claims, read, write)
