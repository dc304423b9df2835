"""The terminal program: the only room that imports Textual, and only when it is opened."""


def run(start: str = "", chat_with: str = "") -> int:
    """Open the program and return its exit code when it is quit.

    start: the mode to open (``environment``, ``models``, ``profiles``, ``servers``, ``chat``),
    empty for the one that fits what runs. chat_with: name of the server to chat with, which
    opens Chat. Raises UsageError for an unknown mode.
    """
    from functools import partial

    from termai.tui import opening, terminal

    opening.check_mode(start)
    terminal.prepare()
    from termai import settings
    from termai.tui.app import TermaiApp

    terminal.let_alt_digits_through()
    loaded = settings.load()
    app = TermaiApp(partial(opening.plan, start, chat_with), loaded)
    app.run(mouse=loaded.values.mouse)
    return app.return_code or 0
