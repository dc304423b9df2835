"""``python -m termai.engines.watcher``: watch the server named in the environment until told to."""

import sys
from pathlib import Path

from termai.engines.access import read_key
from termai.engines.watcher.looking import Server
from termai.engines.watcher.settings import take
from termai.engines.watcher.watching import Watch
from termai.errors import TermaiError
from termai.profiles.addresses import RefusedAddressError, parse

_TIMEOUT_S = 10.0  # of one question


def main() -> int:
    """Return 2 for settings that do not fit, else what ``Watch`` returns."""
    try:
        settings = take()
        address = parse(settings.url)
        key = read_key(Path(settings.api_key_file)) if settings.api_key_file else ""
    except (ValueError, RefusedAddressError, TermaiError) as error:
        _say(f"watch: error: {error}")
        return 2
    _say(f"watch: asking {address.base}")
    return Watch(Server(address, settings.model, key, _TIMEOUT_S), _say).run()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
