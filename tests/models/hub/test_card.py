"""Model cards as text for the terminal."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import NotFoundError
from termai.models.hub import card
from termai.models.hub.markdown import MOST, readable
from tests.fakes.hub.server import Hub

CARD = """---
license: mit
tags:
- gguf
---
<div align="center">
    <img src="https://x/logo.png" alt="The logo" width="400">
    <a href="https://x.y/chat"><b>Chat</b></a>
</div>
<!-- hidden
remark -->
<h2>Usage &amp; more</h2>

# Model
[![badge](https://img.shields.io/x)](https://license) words ![picture](data:image/png;base64,AAAA)
<ul><li>one</li><li>two</li></ul>
<table><tr><td>a</td><td>b</td></tr></table>

```python
if a < b:
    print("<b>kept</b>")
```
a < b, c > d \x1b[31mred\x1b[0m
<script>alert(1)</script><style>p {}</style>
"""


def test_a_card_is_read_without_front_matter_html_and_pictures(hub: Hub) -> None:
    hub.add("a/b", {"README.md": CARD.encode()})
    text = card("a/b")
    assert text.startswith("[The logo]")
    for kept in ("## Usage & more", "# Model", "[badge](https://license) words [picture]"):
        assert kept in text
    for kept in ("- one", "- two", "a | b |", '    print("<b>kept</b>")', "a < b, c > d red"):
        assert kept in text
    assert "[**Chat**](https://x.y/chat)" in text
    for gone in ("license: mit", "hidden", "<div", "<img", "base64", "alert", "\x1b", "p {}"):
        assert gone not in text


def test_a_repository_without_a_card_has_none(hub: Hub) -> None:
    hub.add("a/b", {"x.gguf": b"1"})
    assert card("a/b") == ""
    with pytest.raises(NotFoundError):
        card("a/none")


def test_a_card_of_a_revision_and_a_large_one_are_read(hub: Hub) -> None:
    repo = hub.add("a/b", {"README.md": b"first"})
    first = repo.head
    hub.commit(repo, {"README.md": b"# Long\n" + b"word \xff " * 1_000_000})
    assert card("a/b", first) == "first\n"
    text = card("a/b")
    assert len(text) <= MOST + 1
    assert text.startswith("# Long\nword \ufffd")


def test_front_matter_that_never_ends_is_text() -> None:
    assert "license" in readable("---\nlicense: mit\n\n# Title\n")
    assert readable("---\nlicense: mit\n---\n") == ""
    assert readable("") == ""
    assert readable("plain --- text\n---\n") == "plain --- text\n---\n"


@given(st.text(alphabet="<>!-[]()`~#&;:/=\"' \nabhref\x1b", max_size=300))
def test_whatever_a_card_holds_is_printable_and_no_longer(text: str) -> None:
    shown = readable(text)
    assert "\x1b" not in shown
    assert len(shown) <= 3 * len(text) + 2


@pytest.mark.parametrize(
    "evil",
    [
        *("<a ", "[![", "<!--", "---\n", "<img alt=", "href=", "<a href", "data:", "![a]("),
        *("<style>", "```\n", "<h1 ", "[ ", "](", "&lt;", "<", "<td", "\n    <", "<a href=x>"),
    ],
)
def test_a_hostile_card_takes_no_time(evil: str) -> None:
    started = time.perf_counter()
    readable(evil * (MOST // len(evil)))
    readable(evil + " " * MOST)
    assert time.perf_counter() - started < 5
