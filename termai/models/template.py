"""A model's chat template rendered on a sample conversation, as llama-cpp-python renders it.

A template is foreign code. It is rendered in Jinja's sandbox, in a process of its own that has
little time, little memory, and nothing of ours in it.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from termai.errors import InvalidFileError

TIME_S = 10.0
LIMIT = 200_000  # characters of a template or of what it makes

# What the child may know: where Python finds its packages, and the time zone.
_KNOWN = ("HOME", "PYTHONPATH", "LD_LIBRARY_PATH", "TZ")
_CHILD = Path(__file__).with_name("template_child.py")

_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather of a place.",
        "parameters": {
            "type": "object",
            "properties": {"place": {"type": "string", "description": "A city."}},
            "required": ["place"],
        },
    },
}
_CALL = {
    "id": "call00001",
    "type": "function",
    "function": {"name": "get_weather", "arguments": {"place": "Bergen"}},
}
_SYSTEM = {"role": "system", "content": "Answer briefly."}
_USER = {"role": "user", "content": "What is the weather in Bergen?"}
_ANSWER = {"role": "assistant", "content": "It rains, 9 °C."}
_AGAIN = {"role": "user", "content": "And tomorrow?"}
_WITH_TOOL = [
    *(_SYSTEM, _USER),
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "tool_call_id": "call00001", "name": "get_weather", "content": "rain, 9 °C"},
    *(_ANSWER, _AGAIN),
]

# Templates refuse what their models were not trained on; the first that one takes is shown.
SAMPLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("system, user, a tool's result, assistant", {"messages": _WITH_TOOL, "tools": [_TOOL]}),
    ("system, user, assistant", {"messages": [_SYSTEM, _USER, _ANSWER, _AGAIN]}),
    ("user, assistant", {"messages": [_USER, _ANSWER, _AGAIN]}),
    ("user", {"messages": [_USER]}),
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation as the model sees it.

    text: up to LIMIT characters. sample: who speaks in it. refused: for each fuller sample the
    template's reason not to take it.
    """

    text: str
    sample: str
    refused: tuple[str, ...] = ()
    cut: bool = False


def render(template: str, *, bos: str = "", eos: str = "", time_s: float = TIME_S) -> Rendered:
    """Render ``template`` on a sample conversation, waiting ``time_s`` seconds at most.

    ``bos`` and ``eos`` are the texts of the tokens of that name. Raises InvalidFileError when it
    is no template, refuses every sample, or takes more time or memory than one may.
    """
    if len(template) > LIMIT:
        raise InvalidFileError(f"The chat template is longer than {LIMIT:,} characters.")
    samples = [
        {"add_generation_prompt": True, "bos_token": bos, "eos_token": eos} | variables
        for _, variables in SAMPLES
    ]
    given = json.dumps({"template": template, "samples": samples, "limit": LIMIT})
    answer = _answer(given, time_s)
    refused = tuple(str(reason) for reason in answer["refused"])
    if answer["text"] is None:
        raise InvalidFileError(
            f"The chat template cannot be rendered: {refused[-1] if refused else 'unknown'}.",
            fix="llama-server takes another with --chat-template-file.",
        )
    sample = SAMPLES[len(refused)][0]
    return Rendered(str(answer["text"]), sample, refused, bool(answer["cut"]))


def _answer(given: str, time_s: float) -> dict[str, Any]:
    """Let the child render and return what it says; raises InvalidFileError when it cannot."""
    argv = [sys.executable, "-P", "-B", str(_CHILD)]
    try:
        done = subprocess.run(
            argv,
            input=given.encode(),
            capture_output=True,
            timeout=time_s,
            cwd="/",
            env={name: os.environ[name] for name in _KNOWN if name in os.environ},
            check=False,
        )
        answer = json.loads(done.stdout[: 8 * LIMIT])
    except subprocess.TimeoutExpired as error:
        raise _endless(f"more than {time_s:g} s") from error
    except ValueError as error:
        raise _endless("more time or memory than it may") from error
    if not isinstance(answer, dict) or not {"text", "refused", "cut"} <= answer.keys():
        raise _endless("more memory than it may")
    return answer


def _endless(much: str) -> InvalidFileError:
    return InvalidFileError(
        f"The chat template takes {much} for a conversation of six messages.",
        fix="Do not trust it; llama-server takes another with --chat-template-file.",
    )
