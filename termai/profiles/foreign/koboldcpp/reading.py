"""KoboldCPP's settings (``.kcpps``) and templates (``.kcppt``) as a profile.

Both are the flat JSON that KoboldCPP's ``save_config_cli`` and its launcher write: every argument
by its name. A template says ``istemplate`` and leaves out what depends on the machine. Checked
against KoboldCPP 1.117.1; older spellings are those that its ``convert_invalid_args`` knows.
"""

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import TEXT_LIMIT, Imported, Left, Source
from termai.profiles.foreign.koboldcpp import loading, serving
from termai.profiles.foreign.koboldcpp.draft import SHORT, Draft
from termai.profiles.foreign.koboldcpp.fields import Fields
from termai.profiles.foreign.koboldcpp.without import says_nothing, why
from termai.profiles.kept import holds_secret, is_secret
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.profiles.reading import KEPT_KEYS, KEPT_LIMIT, can_keep
from termai.profiles.schema import NATIVE
from termai.text import one_line

NAME = "koboldcpp"
KEPT_TOTAL = 512 * 1024
"""Bytes that a profile keeps of one file; what comes after that is listed and left out."""
_KEY_LIMIT = 200
_PARTS = (
    loading.model,
    loading.memory,
    loading.gpus,
    loading.speed,
    loading.cache,
    serving.server,
    serving.chat,
    serving.drawing,
)


def read(source: Source) -> tuple[Imported, ...]:
    """Return the profile that a KoboldCPP file holds.

    Raises InvalidFileError that names the file, the key and what was expected.
    """
    if len(source.text) > TEXT_LIMIT:
        raise InvalidFileError(f"{source.name}: expected at most {TEXT_LIMIT} characters.")
    fields = Fields(source)
    draft = Draft(fields)
    for part in _PARTS:
        part(draft)
    if fields.switch("istemplate"):
        draft.quiet("istemplate")
    _rest(draft)
    for key in fields.twice:
        draft.notes.append(f"{one_line(key, SHORT)} stands twice in the file; the last one counts.")
    profile = Profile(
        name=name_for(source.path.stem if source.path else "", NAME),
        values=draft.values,
        args={NATIVE: tuple(draft.args)} if draft.args else {},
        env=draft.env,
        kept=_kept(draft),
    )
    places = {key: place for place, key in enumerate(fields.members)}
    left = sorted(draft.left, key=lambda item: places.get(item.key.partition(".")[0], 0))
    return (Imported(profile, tuple(left), tuple(draft.notes)),)


def _rest(draft: Draft) -> None:
    """Keep every key that nothing asked for, and list those that say something."""
    quiet = 0
    for key, member in draft.fields.unused():
        draft.kept[key] = member.raw
        if says_nothing(key, member.value):
            quiet += 1
            continue
        hidden = is_secret(NAME, key) or holds_secret(member.raw)
        shown = "" if hidden else one_line(member.raw[:200], SHORT)
        draft.left.append(Left(one_line(key, SHORT), shown, why(key), kept=True))
    if quiet:
        draft.notes.append(
            f"{quiet} keys that are at KoboldCPP's default or mean nothing to llama-server are "
            "kept for an export back to KoboldCPP."
        )


def _kept(draft: Draft) -> dict[str, dict[str, str]]:
    kept: dict[str, str] = {}
    total = 0
    for key, text in draft.kept.items():
        size = len(key.encode("utf-8", "replace")) + len(text.encode("utf-8", "replace"))
        trouble = _trouble(key, text, len(kept), total + size)
        if trouble:
            draft.left = [item for item in draft.left if item.key != one_line(key, SHORT)]
            draft.left.append(Left(one_line(key, SHORT), "", trouble))
            continue
        kept[key] = text
        total += size
    return {NAME: kept} if kept else {}


def _trouble(key: str, text: str, keys: int, total: int) -> str:
    if len(text) > KEPT_LIMIT or total > KEPT_TOTAL:
        return "it is too long to be kept in a profile"
    if keys >= KEPT_KEYS:
        return f"a profile keeps at most {KEPT_KEYS} keys of another program"
    if len(key) > _KEY_LIMIT or not can_keep(key) or not can_keep(text):
        return "its name or text has characters that a profile cannot keep"
    return ""
