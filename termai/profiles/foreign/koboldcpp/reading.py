"""KoboldCPP's settings (``.kcpps``) and templates (``.kcppt``) as a profile.

Both are the flat JSON that KoboldCPP's ``save_config_cli`` and its launcher write: every argument
by its name. A template says ``istemplate`` and leaves out what depends on the machine. Checked
against KoboldCPP 1.117.1; older spellings are those that its ``convert_invalid_args`` knows.
"""

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import TEXT_LIMIT, Imported, Source
from termai.profiles.foreign.keeping import SHORT
from termai.profiles.foreign.koboldcpp import loading, serving
from termai.profiles.foreign.koboldcpp.draft import NAME, Draft
from termai.profiles.foreign.koboldcpp.fields import Fields
from termai.profiles.foreign.koboldcpp.without import says_nothing, why
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE
from termai.text import one_line

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
    fields.use("istemplate")
    if fields.raw("istemplate") != "false":  # an export says so by itself
        draft.quiet("istemplate")
    _rest(draft)
    for key in fields.twice:
        draft.notes.append(f"{one_line(key, SHORT)} stands twice in the file; the last one counts.")
    profile = Profile(
        name=name_for(source.path.stem if source.path else "", NAME),
        values=draft.values,
        args={NATIVE: tuple(draft.args)} if draft.args else {},
        env=draft.env,
        kept=draft.kept.as_kept(),
    )
    places = {key: place for place, key in enumerate(fields.members)}
    listed = (*draft.left, *draft.kept.left)
    left = sorted(listed, key=lambda item: places.get(item.key.partition(".")[0], 0))
    return (Imported(profile, tuple(left), tuple(draft.notes)),)


def _rest(draft: Draft) -> None:
    """Keep every key that nothing asked for, and list those that say something."""
    quiet = 0
    for key, member in draft.fields.unused():
        if says_nothing(key, member.value):
            draft.quiet(key)
            quiet += 1
        else:
            draft.keep(key, why(key))
    if quiet:
        draft.notes.append(
            f"{quiet} keys that are at KoboldCPP's default or mean nothing to llama-server are "
            "kept for an export back to KoboldCPP."
        )
