"""What the chat imports before it is used."""

import subprocess
import sys

SCRIPT = """
import sys
import termai.chat.async_store, termai.chat.client, termai.chat.oneshot, termai.chat.reply
print([name for name in ("httpx2", "httpcore2", "textual", "rich") if name in sys.modules])
"""


def test_http_is_not_imported_before_the_first_question() -> None:
    command = [sys.executable, "-c", SCRIPT]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
