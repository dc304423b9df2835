"""The smallest Textual program, for comparison."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    """Show one line."""

    def compose(self) -> ComposeResult:
        yield Static("hello, world")


if __name__ == "__main__":
    Hello().run()
