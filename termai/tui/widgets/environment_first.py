"""The first steps: what works here, how the shipped model fares, and the keys that go on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from termai.profiles.option import ENGINES
from termai.text import one_line
from termai.tui import icons
from termai.tui.opening import FIRST_PROFILE, FirstStart

if TYPE_CHECKING:
    from termai.environment import Finding
    from termai.servers.records import Server

_GROUP = "Engines"
_RUNS = {
    "ready": "ready to talk",
    "starting": "being started",
    "loading": "being started",
}
_PROOF = "prove "  # how doctor/proving.py begins the names of its servers
_TALK = "Talk to the tiny model that comes with termai."


class FirstSteps(Static, can_focus=True):
    """Leads who has only the shipped model; focused on a first start, so that Enter goes on."""

    DEFAULT_CSS = """
    FirstSteps { height: auto; max-height: 5; padding: 0 1; display: none; }
    FirstSteps:focus { background: $row-background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.start_first", "Talk", id="first.talk", show=False, tooltip=_TALK),
        Binding("down,j", "app.focus_next", "List", id="first.list", show=False, tooltip="Below."),
    ]


def shipped(servers: Sequence[Server]) -> Server | None:
    """Return the newest server of the shipped model."""
    return next((server for server in servers if server.name == FIRST_PROFILE), None)


def leads(servers: Sequence[Server]) -> bool:
    """Return whether nothing but the shipped model was ever started; a proof does not count."""
    names = (server.name for server in servers)
    return all(name == FIRST_PROFILE or name.startswith(_PROOF) for name in names)


def state(servers: Sequence[Server], start: FirstStart) -> tuple[str, str]:
    """Return how the shipped model fares, by the signs' words, and why it failed.

    The state is empty where it was not started, or was stopped.
    """
    server = shipped(servers)
    if server is not None and server.alive:
        return str(server.state), ""
    if start.trouble:
        return "failed", start.trouble
    if server is not None:
        return ("failed", server.problem) if server.problem else ("", "")
    return ("starting", "") if start.asked else ("", "")


def steps(
    findings: Collection[Finding],
    fares: tuple[str, str],
    *,
    looking: bool,
    focused: bool = False,
    small: bool = False,
) -> Content:
    """Return what works now and what to do next; ``small`` in a line of 38 cells."""
    engines = _engines(findings)
    if small:
        return _small(fares[0], works=bool(engines), looking=looking)
    if engines:
        now = f"Works now: {one_line(', '.join(engines), 100)}."
    elif looking:
        now = "Looks what works here …"
    else:
        now = "No engine works yet: the problems below say how to get one."
    lines = [Content.assemble(("FIRST STEPS  ", "bold"), now)]
    if engines or fares[0]:
        lines += [_model(fares, "Enter or s" if focused else "s")]
    if engines:
        lines += [_keys(("F2", "finds a model that fits"), ("p", "proves the engines"))]
    return Content("\n").join(lines)


def _engines(findings: Collection[Finding]) -> list[str]:
    """Return the engines that work with the first word of their versions, always in one order."""
    works = {
        one.name: one.version.split()[0]
        for one in findings
        if one.group == _GROUP and str(one.verdict) == "ok" and one.version.strip()
    }
    return [f"{name} {works[name]}" for name in ENGINES if name in works]


def _model(fares: tuple[str, str], key: str) -> Content:
    word, why = fares
    if word in _RUNS:
        return _signed(word, f"A tiny model is {_RUNS[word]}.   ") + _keys((key, "talks to it"))
    if word == "failed":
        return _signed(word, f"The tiny model did not start: {one_line(why, 180)} ") + _keys(
            (key, "tries again")
        )
    return _keys((key, "starts the tiny model that comes with termai, and talks to it"))


def _small(word: str, *, works: bool, looking: bool) -> Content:
    if word == "failed":
        return _signed(word, "no model  ") + _keys(("s", "again"), ("F10", "says why"))
    if word:
        return _signed(word, f"{word}  ") + _keys(("s", "talk to it"), ("F2", "models"))
    if works:
        return _keys(("s", "try it"), ("p", "prove"), ("F2", "find a model"))
    return Content("Looks what works …" if looking else "No engine works yet: see below.")


def _signed(word: str, text: str) -> Content:
    return Content.assemble((f"{icons.sign(word)} ", icons.STYLES[word]), text)


def _keys(*keys: tuple[str, str]) -> Content:
    return Content("   ").join(
        Content.assemble((key, "bold $primary"), f" {text}") for key, text in keys
    )
