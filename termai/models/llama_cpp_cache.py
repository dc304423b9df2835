"""The flat layout of llama.cpp's older cache: ``org_repo_file.gguf`` and ``manifest=…json``."""

import re

from termai.models.listing import Listing
from termai.models.names import is_gguf, whole_name

_MANIFEST = re.compile(r"manifest=(?P<org>[^=/]+)=(?P<repo>[^=/]+)=(?P<tag>[^=/]*)\.json")


def names(here: Listing) -> dict[str, str]:
    """Return ``org/repo/file.gguf`` for the files whose repository a manifest in here names.

    Without a manifest nobody knows where the organisation ends, and a file keeps its name.
    """
    prefixes = {}
    for file in here.files:
        if found := _MANIFEST.fullmatch(file):
            prefixes[f"{found['org']}_{found['repo']}_"] = f"{found['org']}/{found['repo']}/"
    longest_first = sorted(prefixes, key=len, reverse=True)
    named = {}
    for file in here.files:
        prefix = next((p for p in longest_first if file.startswith(p)), "")
        if prefix and (is_gguf(file) or whole_name(file)):
            named[file] = prefixes[prefix] + (whole_name(file) or file)[len(prefix) :]
    return named
