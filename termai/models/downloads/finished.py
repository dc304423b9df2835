"""Downloads that are done, found again by what a person calls them, without asking the hub."""

from collections.abc import Collection

from termai.models.downloads import known, records
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download, as_read


def finished(
    repo: str, *, variant: str = "", paths: Collection[str] = (), commit: str = ""
) -> Download | None:
    """Return the newest download of that name whose files are all here and verified, or None.

    ``variant`` in any case of letters, or ``paths``, which must all be of one download; without
    both, whatever is there of the repository. ``commit``: only of this revision.
    """
    for plan in reversed(records.plans()):
        if plan.repo != repo or (commit and plan.commit != commit):
            continue
        if variant and plan.variant.casefold() != variant.casefold():
            continue
        if not {file.path for file in plan.files} >= set(paths) or not known.is_whole(plan):
            continue
        found = as_read(plan)
        if found.status is Status.DONE:
            return found
    return None
