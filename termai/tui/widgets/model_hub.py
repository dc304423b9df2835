"""The Hub tab: a search, what it found, and one repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import ContentSwitcher, Input, Static

from termai.errors import TermaiError
from termai.text import one_line
from termai.tui import hub_details, hub_rows, hub_work
from termai.tui.background import Background
from termai.tui.columns import Cell
from termai.tui.screens.models_ask import AskChecked
from termai.tui.threads import Threads
from termai.tui.widgets.model_repository import RepositoryPane
from termai.tui.widgets.model_table import ModelTable

if TYPE_CHECKING:
    from termai.models.hub.searching import Listed
    from termai.tui.hub_work import Found

SORTS = ("downloads", "likes", "trending", "updated")
QUERY_LIMIT = 200
_CALLS = 3  # that wait for the hub at the same time
_ASK = "what do you look for? Enter searches; nothing typed lists the most downloaded"
_TOKEN = "Enter a token for gated and private repositories."  # noqa: S105 - a tooltip
_SEARCH = "Type what to search for."
_SORT = "By downloads, likes, trending, updated."


class SearchLine(Input):
    """The line to search in; Enter is shown among the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Search", id="hub.ask", tooltip="Search for what is typed."),
    ]


class HubPane(Vertical, Background):
    """Searches the hub; a newer search takes the place of an older one, never the reverse.

    note: how the results are sorted. count: how many there are.
    """

    SCOPED_CSS = False
    DEFAULT_CSS = """
    HubPane { height: 1fr; }
    HubPane #search { height: 1; border: none; padding: 0 1; }
    HubPane.-opened #search, HubPane.-opened #told { display: none; }
    HubPane ContentSwitcher { height: 1fr; }
    HubPane #told { height: auto; max-height: 8; padding: 0 1; color: $muted; }
    HubPane #told.-problem { color: $text-error; padding: 1 1; }
    HubPane #more { height: 4; padding: 0 1; border-top: solid $primary 40%; }
    .-short HubPane #more { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", id="hub.search", tooltip=_SEARCH),
        Binding("o", "sort", "Sort", id="hub.sort", tooltip=_SORT),
        Binding("m", "card", "Card", id="hub.card", tooltip="Read the model card."),
        Binding("y", "copy_name", "Copy name", id="hub.copy", show=False, tooltip="ORG/NAME."),
        Binding("t", "token", "Token", id="hub.token", tooltip=_TOKEN),
        Binding("down", "results", "Results", id="hub.down", show=False, tooltip="To the list."),
        Binding("escape", "back", "Back", id="hub.back", tooltip="To the results, to the search."),
    ]

    switcher = query_one("#pages", ContentSwitcher)
    results = query_one("#results", ModelTable)
    repository = query_one("#repository", RepositoryPane)

    note: reactive[str] = reactive("", repaint=False)
    count: reactive[str] = reactive("", repaint=False)

    @dataclass
    class Answered(Message):
        """The hub answered a search, or did not."""

        number: int
        found: Found | None
        problem: str = ""

    @dataclass
    class Standing(Message):
        """Which hub is asked."""

        sentence: str
        problem: bool = False

    @dataclass
    class CardRead(Message):
        """A model card was read."""

        repo: str
        text: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._threads = Threads(_CALLS)
        self._listed: dict[str, Listed] = {}
        self._number = 0
        self._query = ""
        self._sort = SORTS[0]

    def compose(self) -> ComposeResult:
        """Yield the search, what there is to say of it, and the results or a repository."""
        yield SearchLine(placeholder=_ASK, id="search", compact=True, max_length=QUERY_LIMIT)
        yield Static(id="told", markup=False)
        with ContentSwitcher(initial="found", id="pages"):
            with Vertical(id="found"):
                yield ModelTable(hub_rows.RESULTS, self._cells, id="results")
                yield Static(id="more", markup=False)
            yield RepositoryPane(self._threads, id="repository")

    def on_mount(self) -> None:
        self.note = f"by {self._sort} (o)"
        self.background(hub_work.standing, _standing, group="standing")

    def on_hub_pane_standing(self, message: Standing) -> None:
        """Say which hub is asked until something else is to be said."""
        if not self._number:
            self._tell(Content(one_line(message.sentence)), problem=message.problem)

    def on_unmount(self) -> None:
        self._threads.close()

    def enter(self) -> None:
        """Take the focus: where one was, else the search."""
        if self.switcher.current == "repository":
            self.repository.enter()
        elif self._listed:
            self.results.focus()
        else:
            self.query_one("#search").focus()

    @property
    def chosen(self) -> str:
        """The repository that is open or chosen, empty when there is none."""
        if self.switcher.current == "repository":
            return self.repository.name_of
        return self.results.chosen

    def _cells(self, identity: str) -> Sequence[Cell]:
        return hub_rows.result_cells(self._listed[identity])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search for what is typed."""
        event.stop()
        self._ask()

    def _ask(self) -> None:
        self._number += 1
        self._tell(Content("searching …"))
        query = self._query = self.query_one("#search", Input).value
        asking = partial(self._found, self._number, query, self._sort)
        self.background(asking, _same, group="search", threads=self._threads)

    def _found(self, number: int, query: str, sort: str) -> Answered:
        """Search in a thread, unless a newer search was asked for while this one waited."""
        if number != self._number:
            return self.Answered(number, None)
        try:
            return self.Answered(number, hub_work.search(query, sort))
        except TermaiError as error:
            return self.Answered(number, None, str(error))

    def on_hub_pane_answered(self, message: Answered) -> None:
        """Show what was found, if it is what was asked for last."""
        if message.number != self._number:
            return
        found = message.found
        if found is None:
            self._listed, self.count = {}, ""
            self.results.show(())
            self._show_more()
            self._tell(Content(one_line(message.problem)), problem=True)
            return
        self._listed = {listed.id: listed for listed in found.listed}
        self.count = str(len(self._listed))
        self._tell(Content("" if self._listed else hub_details.NOTHING))
        self.results.show(tuple(self._listed))
        self.results.action_first()
        self._show_more()
        search = self.query_one("#search", Input)
        if self._listed and search.has_focus and search.value == self._query:
            self.results.focus()
        self.refresh_bindings()

    def _tell(self, text: Content, *, problem: bool = False) -> None:
        told = self.query_one("#told", Static)
        told.update(text)
        told.display = bool(text.plain)
        told.set_class(problem, "-problem")

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Say more about the chosen repository."""
        if event.table is self.results:
            event.stop()
            self._show_more()

    def _show_more(self) -> None:
        listed = self._listed.get(self.results.chosen)
        more = hub_details.more(listed) if listed else Content("")
        self.query_one("#more", Static).update(more)

    def on_model_table_picked(self, event: ModelTable.Picked) -> None:
        """Open the repository."""
        if event.table is self.results:
            event.stop()
            self.open(event.identity)

    def open(self, repo: str) -> None:
        """Show a repository."""
        self._show_page("repository")
        self.repository.show(repo)
        self.repository.enter()

    def _show_page(self, page: str) -> None:
        opened = page == "repository"
        self.switcher.current = page
        self.set_class(opened, "-opened")
        self.note = "Escape: results" if opened else f"by {self._sort} (o)"
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what needs a repository; sorting is for results."""
        if not self.is_mounted:
            return True
        if action in {"card", "copy_name"}:
            return True if self.chosen else None
        if action == "sort":
            return self.switcher.current == "found"
        return True

    def action_search(self) -> None:
        """Type what to search for."""
        self._show_page("found")
        self.query_one("#search").focus()

    def action_results(self) -> None:
        """Go from the search to the results."""
        if self.switcher.current == "found":
            self.results.focus()

    def action_sort(self) -> None:
        """Search again, sorted by the next of the orders."""
        self._sort = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)]
        self._show_page("found")
        self._ask()

    def action_back(self) -> None:
        """Leave the repository for the results, the results for the search."""
        if self.switcher.current == "repository":
            self._show_page("found")
            self.enter()
        elif self.query_one("#search").has_focus:
            self.results.focus()
        else:
            self.query_one("#search").focus()
        self.refresh_bindings()

    def action_card(self) -> None:
        """Read the model card of the repository."""
        if self.chosen:
            reading = partial(hub_work.card, self.chosen)
            made = partial(self.CardRead, self.chosen)
            self.background(reading, made, group="card", exclusive=True, threads=self._threads)

    def on_hub_pane_card_read(self, message: CardRead) -> None:
        """Show the card, unless something else is shown meanwhile."""
        from termai.tui.screens.models_card import CardScreen

        if message.repo == self.chosen and self.screen.is_current:
            self.app.push_screen(CardScreen(message.repo, message.text))

    def action_copy_name(self) -> None:
        """Copy the name of the repository."""
        if self.chosen:
            self.app.copy_to_clipboard(self.chosen)
            self.notify(f"Copied {one_line(self.chosen)}", markup=False)

    def action_token(self) -> None:
        """Ask for a token, which is verified before it is stored."""
        asked = AskChecked(
            "Token", hub_details.ASKING_FOR_ACCESS, hub_work.store_token, hidden=True
        )
        self.app.push_screen(asked, self._told_token)

    def _told_token(self, told: str | None) -> None:
        if told:
            self.notify(told, markup=False)
            if self.switcher.current == "repository":
                self.repository.action_again()


def _standing(told: tuple[str, bool]) -> HubPane.Standing:
    return HubPane.Standing(*told)


def _same(message: HubPane.Answered) -> HubPane.Answered:
    return message
