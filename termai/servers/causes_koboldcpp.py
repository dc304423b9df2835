"""Why KoboldCPP fails: what it says before it ends with code 2 (a file) or 3 (a load).

The lines are those of ``exit_with_error`` in koboldcpp.py, 1.76 to 1.117, and of its argparse.
What llama.cpp inside it says of a failed load is told by ``causes.CAUSES``.
"""

from termai.servers.causes import Cause

CAUSES = (
    Cause(
        "missing file",
        r"Cannot find (?P<what>[a-zA-Z0-9 ]+?)(?: model)? files?: (?P<path>.+)",
        "KoboldCPP does not find {path}.",
        "Set the right path in the profile {profile}; `termai models` lists the files found.",
    ),
    Cause(
        "unsupported option",
        r"koboldcpp\S*: error: unrecognized arguments: (?P<option>.+)",
        "KoboldCPP does not know {option}.",
        "Take it out of the profile {profile}, or use a newer KoboldCPP.",
    ),
    Cause(
        "wrong value",
        r"koboldcpp\S*: error: argument (?P<option>[^:]+): (?P<why>.+)",
        "KoboldCPP refuses the value of {option}: {why}.",
        "Correct it in the profile {profile}; `{program} --help` says what it takes.",
    ),
)
LAST = (
    Cause(
        "not loaded",
        r"Could not load [a-zA-Z ]+ model: (?P<path>.+)|Load Text Model OK: False",
        "KoboldCPP could not load {file_name}.",
        "Look at the log for what llama.cpp said before; a smaller context, fewer n_gpu_layers or "
        "a newer KoboldCPP may help.",
    ),
)
"""Those that say less than what llama.cpp says of the same failure."""
