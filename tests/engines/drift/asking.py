"""Profiles with arguments, and what a real program says of a command line."""

import os
import subprocess

from termai.engines import drift
from termai.engines.base import Detection
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE


def having(*words: str, **options: object) -> Profile:
    """Return a profile with arguments for llama-server and options."""
    return Profile("p", args={NATIVE: words} if words else {}).with_values(**options)


def brought_up_to_date(profile: Profile, binary: Detection) -> Profile:
    return drift.updated(profile, drift.check(profile, binary))


def refusal(binary: Detection, words: tuple[str, ...], **env: str) -> str:
    """Return what llama-server says when it ends at a command line, empty when it takes it.

    With ``--help`` in front it reads all of it, as it does before a start, and loads nothing.
    """
    result = subprocess.run(
        [binary.program, "--help", *words],
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stderr.strip() if result.returncode else ""
