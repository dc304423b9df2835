"""A profile while it is edited: what is saved, what it says now, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from termai.profiles.profile import Profile

_KEPT = 200  # changes that can be undone


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being edited.

    saved: the profile as it was read, or as it was made. profile: as it is now. past: what it
    was before each change, the oldest first.
    """

    saved: Profile
    profile: Profile
    past: tuple[Profile, ...] = ()

    @classmethod
    def of(cls, profile: Profile) -> Draft:
        """Begin to edit a profile."""
        return cls(profile, profile)

    @property
    def changed(self) -> bool:
        """Whether something was changed since it was read."""
        return self.profile != self.saved

    @property
    def unsaved(self) -> bool:
        """Whether leaving it would lose something: changes, or a profile without a file."""
        return self.changed or self.saved.path is None

    def to(self, profile: Profile) -> Draft:
        """Return the draft after a change that can be undone."""
        if profile == self.profile:
            return self
        return replace(self, profile=profile, past=(*self.past, self.profile)[-_KEPT:])

    def undone(self) -> Draft:
        """Return the draft before the last change."""
        if not self.past:
            return self
        return replace(self, profile=self.past[-1], past=self.past[:-1])

    def reverted(self) -> Draft:
        """Return the draft as it was saved; that can be undone."""
        return self.to(self.saved)

    def says_the_same(self, theirs: Profile) -> bool:
        """Tell whether somebody else has written just what is edited here."""
        return _at(theirs, self.profile) == theirs

    def stored(self, saved: Profile) -> Draft:
        """Return the draft now that it is on disk as ``saved``; earlier changes can be undone."""
        past = tuple(_at(saved, before) for before in (*self.past, self.profile))
        return Draft(saved, saved, (past[:-1] if past[-1] == saved else past)[-_KEPT:])


def _at(saved: Profile, before: Profile) -> Profile:
    """Return an earlier state as a change of the file that is there now."""
    return replace(
        before, name=saved.name, path=saved.path, shipped=saved.shipped, revision=saved.revision
    )
