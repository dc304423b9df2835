"""What Environment does beside looking: freeing GPU memory and the first start."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, work
from termai.tui.opening import FIRST_PROFILE
from termai.tui.screens.dialogs import Choice, Confirm, Pick

if TYPE_CHECKING:
    from termai.environment import Finding
    from termai.hardware.holders import Holder
    from termai.tui.app import TermaiApp

_NONE = "No server of termai's holds memory of a GPU. F4 lists all servers."
_ENGINES = "Engines"
_NARROW = 60  # cells below which there is room for the keys only


async def free_memory(app: TermaiApp) -> None:
    """Ask which server that holds GPU memory to stop, and stop it; runs in a worker."""
    held = _by_server(await app.threads.run(work.holders))
    if not held:
        app.notify(_NONE)
        return
    name = next(iter(held))
    if len(held) > 1:
        choices = [Choice(Content(f"{held[one]:>7}  {one_line(one)}"), one) for one in held]
        name = await app.push_screen_wait(Pick("Stop which server?", choices, _NONE))
    if not name:
        return
    text = f"{one_line(name)} will answer no more, and {held[name]} of GPU memory get free."
    if await app.push_screen_wait(Confirm("Stop the server?", text)):
        app.stop_server(name)


def start_first(app: TermaiApp) -> None:
    """Start the smoke model and open the chat with it."""
    app.start_profile(FIRST_PROFILE)
    app.open_chat(FIRST_PROFILE)


def first_steps(findings: Collection[Finding], width: int, *, looking: bool) -> Content:
    """Return what works now and what to do next, for who has never started a server."""
    works = [one for one in findings if one.group == _ENGINES and str(one.verdict) == "ok"]
    engines = ", ".join(" ".join((one.name, *one.version.split()[:1])) for one in works[:2])
    if engines:
        now = f"Works now: {one_line(engines, 100)}; a tiny model is here."
    elif looking:
        now = "Looks what works here …"
    else:
        now = "No engine works yet: the problems below say how to get one."
    if engines and width < _NARROW:
        return _keys(("s", "try it"), ("p", "prove"), ("F2", "find a model"))
    steps = _keys(("s", "starts the tiny model"), ("p", "proves engines"), ("F2", "finds a model"))
    lines = [Content.assemble(("FIRST STEPS  ", "bold"), now), *([steps] if engines else [])]
    return Content("\n").join(lines)


def _keys(*keys: tuple[str, str]) -> Content:
    return Content("   ").join(
        Content.assemble((key, "bold $primary"), f" {text}") for key, text in keys
    )


def _by_server(holders: Sequence[Holder]) -> dict[str, str]:
    """Return what each server of ours holds on all GPUs, in words."""
    sizes: dict[str, int] = {}
    for one in holders:
        if one.server:
            sizes[one.server] = sizes.get(one.server, 0) + (one.bytes or 0)
    return {name: formats.size(size) if size else "some" for name, size in sizes.items()}
