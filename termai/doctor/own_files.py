"""The checks of termai's own files, and of what the user's profiles need."""

from functools import partial

from termai.doctor import (
    conversations,
    directories,
    job_records,
    model_files,
    profile_files,
    settings_file,
    token_file,
)
from termai.doctor.once import Once
from termai.environment.finding import Finding
from termai.environment.running import Check
from termai.models import library

GROUP = "termai"
_PATIENCE_S = 1.5  # that a disk may take for one directory of models


def checks() -> tuple[Check, ...]:
    """Return the checks; those of one call look for models once between them."""
    models = Once(lambda: library.look(patience_s=_PATIENCE_S))
    return (
        *(Check(place.name, GROUP, partial(_place, place)) for place in directories.places()),
        Check("settings", GROUP, settings_file.look),
        Check("profiles", GROUP, partial(profile_files.look, models), limit_s=10.0),
        Check("models", GROUP, partial(model_files.look, models)),
        Check("jobs", GROUP, job_records.look),
        Check("conversations", GROUP, lambda: (conversations.look(),)),
        Check("hub token file", GROUP, token_file.look),
    )


def _place(place: directories.Place) -> tuple[Finding, ...]:
    return (directories.look(place),)
