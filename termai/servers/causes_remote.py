"""Why a server that runs already cannot be used: what the watcher says as it ends.

The lines are those of ``engines/watcher/watching.py``.
"""

from termai.servers.case import Case
from termai.servers.causes import Cause


def _model(case: Case) -> str:
    wanted = case.value("alias")
    offered = case.words()["why"]
    if not wanted:
        return f"{case.words()['url']} is there, but {offered}."
    return f"{case.words()['url']} has no model {wanted}: {offered}."


CAUSES = (
    Cause(
        "away",
        r"watch: error: away: (?P<why>.+)",
        "{url} does not answer: {why}.",
        "Start the server there, or correct url in the profile {profile}.",
    ),
    Cause(
        "denied",
        r"watch: error: denied: (?P<why>.+)",
        "{url} does not let termai in ({why}): it wants a key, or another one.",
        "Write the server's key to a file of mode 0600 and name it in api_key_file of the profile "
        "{profile}.",
    ),
    Cause(
        "not OpenAI",
        r"watch: error: strange: (?P<why>.+)",
        "{url} is no server with the OpenAI API: /v1/models answers with {why}.",
        "Correct url in the profile {profile}: scheme, host, port, and the path before /v1.",
    ),
    Cause(
        "no such model",
        r"watch: error: missing: (?P<why>.+)",
        _model,
        "Set alias in the profile {profile} to a model that it offers, or add the model there.",
    ),
)
