"""The proof of the engines: the smoke model run on each of them and on each of its devices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from termai.text import one_line
from termai.tui import icons, work
from termai.tui.background import Background
from termai.tui.screens.dialogs import BOX, Scrolling
from termai.tui.threads import Threads

if TYPE_CHECKING:
    from termai.doctor.proving import Proof, Target

_WORDS = {True: ("ok", "works"), False: ("problem", "fails"), None: ("not needed", "unproved")}
_NO_ENGINE = "No engine was found; the problems in the list say how to get one."


class ProofScreen(Scrolling, ModalScreen[None], Background):
    """Runs the proof and shows each result as it comes; left, it ends after the present engine."""

    DEFAULT_CSS = f"""
    ProofScreen {{ {BOX} }}
    ProofScreen > Vertical {{ width: 90%; max-width: 90; }}
    ProofScreen VerticalScroll {{ height: auto; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,p", "dismiss", "Close", id="proof.close", tooltip="Back."),
    ]

    @dataclass
    class Planned(Message):
        """What is to be proved is known."""

        targets: tuple[Target, ...]

    @dataclass
    class Begun(Message):
        """An engine is started."""

        name: str

    @dataclass
    class Proved(Message):
        """An engine was seen to work, or not to."""

        name: str
        proof: Proof

    class Over(Message):
        """Everything was proved, or the screen was left."""

        def __init__(self, _result: object = None) -> None:
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._states: dict[str, Proof | str] = {}
        self._left = self._over = False
        self._threads = Threads(1)  # it takes as long as models load

    def compose(self) -> ComposeResult:
        """Yield the results and the key."""
        with Vertical() as box:
            box.border_title = "Proof of the engines"
            with VerticalScroll():
                yield Static("Asks for the engines …", id="told", markup=False)
            yield Label(Content("Escape closes"), classes="keys")

    def on_mount(self) -> None:
        self.background(self._prove, self.Over, group="proof", threads=self._threads)

    def on_unmount(self) -> None:
        self._left = True
        self._threads.close()

    def _prove(self) -> None:
        targets = work.proof_targets()
        self.post_message(self.Planned(targets))
        for target in targets:
            if self._left:
                return
            self.post_message(self.Begun(target.name))
            for proof in work.prove((target,)):
                self.post_message(self.Proved(target.name, proof))

    def on_proof_screen_planned(self, message: Planned) -> None:
        """List what is to be proved."""
        self._states = {target.name: "waits" for target in message.targets}
        self._draw()

    def on_proof_screen_begun(self, message: Begun) -> None:
        """Mark what goes on."""
        self._states[message.name] = "loading and asking …"
        self._draw()

    def on_proof_screen_proved(self, message: Proved) -> None:
        """Show a result."""
        self._states[message.name] = message.proof
        self._draw()

    def on_proof_screen_over(self) -> None:
        """Sum up."""
        self._over = True
        self._draw()

    def _draw(self) -> None:
        lines = [line for name, state in self._states.items() for line in told(name, state)]
        if self._over:
            proofs = [state for state in self._states.values() if not isinstance(state, str)]
            summed_up = f"\n{work.proofs_summed_up(proofs)}" if self._states else _NO_ENGINE
            lines.append(Content(summed_up))
        self.query_one("#told", Static).update(Content("\n").join(lines))


def told(name: str, state: Proof | str) -> Iterator[Content]:
    """Yield the lines that say how far an engine is, or what was measured."""
    if isinstance(state, str):
        sign = "queued" if state == "waits" else "loading"
        yield _headed(sign, state.partition(" ")[0].rstrip("…"), name)
        return
    yield _headed(*_WORDS[state.works], name)
    yield Content(f"    {one_line(state.sentence)}")
    if state.measured:
        yield Content(f"    {state.measured}")
    if state.fix and not state.works:
        yield Content(f"    {'fix' if state.works is False else 'do'}: {one_line(state.fix)}")


def _headed(sign: str, word: str, name: str) -> Content:
    return Content.assemble(
        (f"{icons.sign(sign)} {word:<8} ", icons.STYLES[sign]), (one_line(name), "bold")
    )
