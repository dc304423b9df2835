"""A model card as Markdown that a terminal can show: no front matter, no HTML, no pictures.

Every expression takes time linear in the text: cards are written by strangers.
"""

import html
import re

from termai.text import printable

MOST = 100_000  # characters of a card that are kept

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(?:.*\n)*?---[ \t]*(?:\n|\Z)")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_BADGE = re.compile(r"\[\s*!\[([^\[\]\n]{0,300})\]\([^()\n]{0,2000}\)\s*\]\(([^()\n]{0,2000})\)")
_PICTURE = re.compile(r"!\[([^\[\]\n]{0,300})\](?:\([^()\n]{0,4000}\)|\[[^\[\]\n]{0,300}\])")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HIDDEN = re.compile(
    r"<(style|script|svg|head|video|audio|iframe)\b[^<>]*>.*?(?:</\1\s*>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_LINK = re.compile(
    r"<a\b[^<>]{0,2000}?href\s*=\s*[\"']?([^\"'\s<>]{1,2000})[\"']?[^<>]*>([^<]{0,2000})</a\s*>",
    re.IGNORECASE,
)
_IMG = re.compile(r"<img\b([^<>]*)>", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_HEADING = re.compile(r"<h([1-6])\b[^<>]*>", re.IGNORECASE)
_INDENTED = re.compile(r"^[ \t]+(?=<)", re.MULTILINE)  # without the tag it would be code
_CELL = re.compile(r"</t[dh]\s*>", re.IGNORECASE)
_ITEM = re.compile(r"<li\b[^<>]*>", re.IGNORECASE)
_LINE = re.compile(
    r"<br\s*/?>|</(?:p|div|tr|li|ul|ol|h[1-6]|table|details|summary)\s*>", re.IGNORECASE
)
_STRONG = re.compile(r"</?(?:b|strong)\s*>", re.IGNORECASE)
_CODE = re.compile(r"</?code\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?(?!a[\s>])[a-z][^<>]{0,4000}>", re.IGNORECASE)
_ANCHOR = re.compile(r"</?a\b[^<>]{0,4000}>", re.IGNORECASE)
_DATA = re.compile(r"\bdata:[\w/+.-]{0,100};base64,[\w+/=]{0,1000000}")
_BLANK = re.compile(r"\n{3,}")


def readable(text: str) -> str:
    """Return a card's Markdown without what a terminal cannot show, printable and bounded."""
    text = printable(text[: 4 * MOST]).lstrip("\ufeff")
    text = _FRONT_MATTER.sub("", text, count=1) if text.lstrip().startswith("---") else text
    blocks = [block if code else _prose(block) for code, block in _blocks(text[:MOST])]
    return _BLANK.sub("\n\n", "\n".join(blocks)).strip() + "\n" if text.strip() else ""


def _blocks(text: str) -> list[tuple[bool, str]]:
    """Cut a text into prose and fenced code, which stays as it is."""
    blocks: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if not fence and found:
            fence = found[1]
            blocks.append((True, [line]))
        elif fence and found and found[1].startswith(fence) and line.strip() == found[1]:
            blocks[-1][1].append(line)
            blocks.append((False, []))
            fence = ""
        else:
            blocks[-1][1].append(line)
    return [(code, "\n".join(lines)) for code, lines in blocks if lines]


def _prose(text: str) -> str:
    text = _INDENTED.sub("", _COMMENT.sub("", text))
    text = _HIDDEN.sub("", text)
    text = _DATA.sub("", text)
    text = _IMG.sub(_alt, text)
    text = _BADGE.sub(lambda m: f"[{m[1] or 'link'}]({m[2]})", text)
    text = _PICTURE.sub(lambda m: f"[{m[1]}]" if m[1].strip() else "", text)
    text = _HEADING.sub(lambda m: f"\n{'#' * int(m[1])} ", text)
    text = _ITEM.sub("\n- ", text)
    text = _CELL.sub(" | ", text)
    text = _LINE.sub("\n", text)
    text = _STRONG.sub("**", text)
    text = _CODE.sub("`", text)
    text = _TAG.sub("", text)
    text = _LINK.sub(lambda m: f"[{' '.join(m[2].split()) or m[1]}]({m[1]})", text)
    text = _ANCHOR.sub("", text)
    lines = (line.rstrip() for line in printable(html.unescape(text)).split("\n"))
    return "\n".join(lines)


def _alt(found: "re.Match[str]") -> str:
    alt = _ALT.search(found[1])
    said = (alt[1] or alt[2] or "").strip() if alt else ""
    return f"[{said}]" if said else ""
