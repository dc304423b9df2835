"""The process that renders a chat template: JSON on standard input and output, nothing of termai.

Started as a file, so that nothing but Python and Jinja is imported. What it may use is bounded
before the template is looked at.
"""

import json
import resource
import sys
from datetime import datetime
from typing import Any, NoReturn

CPU_S = 5
MEMORY = 1 << 30


def main() -> None:
    """Render the first sample that the template takes, and say why it refused those before."""
    given = json.loads(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(rendered(given["template"], given["samples"], given["limit"])))


def bound() -> None:
    """Give this process little time and memory, and no file that it could fill."""
    limits = (
        *((resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_AS, MEMORY)),
        *((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 32)),
    )
    for kind, most in limits:
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (least, least))
        except (OSError, ValueError):
            continue  # macOS has no limit of the address space; time is bounded outside, too


def rendered(template: str, samples: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return the text of the first sample that can be rendered, and the reasons against others."""
    refused: list[str] = []
    try:
        compiled = environment().from_string(template)
    except Exception as error:  # noqa: BLE001  whatever is wrong with it is the answer
        return {"text": None, "cut": False, "refused": [reason(error)]}
    for variables in samples:
        try:
            text = limited(compiled.generate(**variables, **functions()), limit)
        except Exception as error:  # noqa: BLE001
            refused.append(reason(error))
            continue
        return {"text": text[:limit], "cut": len(text) > limit, "refused": refused}
    return {"text": None, "cut": False, "refused": refused}


def environment() -> Any:
    """Return Jinja as transformers and llama-cpp-python set it up for chat templates."""
    from jinja2 import ext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(ext.Extension):
        """Takes ``{% generation %}`` blocks for what they hold."""

        tags = {"generation"}  # noqa: RUF012  as Jinja's base class has it

        def parse(self, parser: Any) -> Any:
            """Return the nodes inside the block."""
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, ext.loopcontrols]
    )
    made.filters["tojson"] = as_json
    return made


def functions() -> dict[str, Any]:
    """Return the functions that templates expect."""
    return {"raise_exception": refuse, "strftime_now": now}


def limited(pieces: Any, limit: int) -> str:
    """Join the pieces of a text until it is longer than ``limit``."""
    joined: list[str] = []
    length = 0
    for piece in pieces:
        joined.append(piece)
        length += len(piece)
        if length > limit:
            break
    return "".join(joined)


def reason(error: BaseException) -> str:
    """Return what an exception says on one short line."""
    said = " ".join(str(error).split())[:300] or "no reason given"
    return said if type(error) is ValueError else f"{type(error).__name__}: {said}"


def refuse(message: str) -> NoReturn:
    """Let a template refuse a conversation."""
    raise ValueError(message)


def now(form: str) -> str:
    """Return the local time as a template wants it."""
    return datetime.now().strftime(form)


def as_json(value: Any, ensure_ascii: bool = False, **more: Any) -> str:
    """Return JSON as transformers writes it: not escaped for HTML."""
    wanted = {key: more[key] for key in ("indent", "separators", "sort_keys") if key in more}
    return json.dumps(value, ensure_ascii=ensure_ascii, **wanted)


if __name__ == "__main__":
    bound()
    main()
