"""A server that runs already, here or elsewhere, as an engine: any that speaks the OpenAI API.

Nothing of it is started or stopped. The job is a small process of ours that watches it
(``engines/watcher``), so that its state, log and end are those of any other server.
"""

import sys
from pathlib import Path

from termai import __version__
from termai.engines import access, extras, foreign
from termai.engines.base import Detection, Launch
from termai.engines.watcher.settings import WatchSettings, encode
from termai.errors import UsageError
from termai.profiles.addresses import Address, RefusedAddressError, parse
from termai.profiles.profile import Profile
from termai.profiles.schema import REMOTE
from termai.text import one_line, without_user

_FIX = (
    "Set url under [server] to http://HOST:PORT or https://HOST, such as http://127.0.0.1:11434; "
    "a key goes into the file that api_key_file names."
)


class Remote:
    """Watches the server at a profile's ``url``."""

    name = REMOTE

    def detect(self) -> Detection:
        """Return what watches: this Python; whether the server is there shows at the start."""
        return Detection(
            engine=REMOTE,
            program=Path(sys.executable),
            version=__version__,
            source="a server that runs already, at the url of a profile",
        )

    def compose(self, profile: Profile, detection: Detection, *, model: Path, port: int) -> Launch:
        """Return the command line of the watcher; what it is told travels in ``env``.

        ``model`` is what the server is asked for, empty for the first that it offers; ``port``
        is not used. Raises UsageError for an address that is none, and for options that make no
        sense of a server that runs already.
        """
        foreign.check(profile, REMOTE, takes_args=False)
        address = address_of(profile)
        keys = access.key_file(profile.value("api_key_file"))
        told = WatchSettings(address.base, model_name(profile), str(keys) if keys else None)
        return Launch(
            engine=REMOTE,
            argv=(str(detection.program), "-P", "-m", "termai.engines.watcher"),
            env={**extras.extra_env(profile), **encode(told)},
            unset_env=(),
            host=address.host,
            port=address.port,
            model=model,
            url=address.base,
        )


def address_of(profile: Profile) -> Address:
    """Return the address that a profile names; raises UsageError with what was expected."""
    url = str(profile.value("url") or "")
    if not url:
        raise UsageError(f"The profile {profile.name} names no url of a server.", fix=_FIX)
    try:
        return parse(url)
    except RefusedAddressError as error:
        shown = one_line(without_user(url), 80)
        raise UsageError(f"{shown}, the url of {profile.name}, {error}.", fix=_FIX) from error


def model_name(profile: Profile) -> str:
    """Return the model that a profile asks the server for, empty for the first it offers."""
    return str(profile.value("alias") or "")
