"""What Environment does beside looking: freeing GPU memory and the first start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, work
from termai.tui.opening import FIRST_PROFILE
from termai.tui.screens.dialogs import Choice, Confirm, Pick
from termai.tui.widgets import environment_first

if TYPE_CHECKING:
    from termai.hardware.holders import Holder
    from termai.tui.app import TermaiApp

_NONE = "No server of termai's holds memory of a GPU. F4 lists all servers."


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
    """Open the chat with the shipped model, and start it unless it runs or is being started."""
    word, _ = environment_first.state(app.servers, app.first_start)
    if word in ("", "failed", "stopping"):
        app.start_first(FIRST_PROFILE)
    app.open_chat(FIRST_PROFILE)


def _by_server(holders: Sequence[Holder]) -> dict[str, str]:
    """Return what each server of ours holds on all GPUs, in words."""
    sizes: dict[str, int] = {}
    for one in holders:
        if one.server:
            sizes[one.server] = sizes.get(one.server, 0) + (one.bytes or 0)
    return {name: formats.size(size) if size else "some" for name, size in sizes.items()}
