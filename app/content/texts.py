"""What can be told from a post's text alone: how it begins, and how long it takes to read."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

ENOUGH = 200
LONGEST_BEGINNING = 300
_READ_FOR_BEGINNING = 8_000
_WORDS_A_MINUTE = 220
_SIGNS_A_MINUTE = 500
_WORD = re.compile(r"\w[\w\u2019'-]*")
# Scripts that are written without spaces: Han, kana, Thai, Lao, Burmese, Khmer.
_SIGN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def beginning(content: str) -> str:
    """Plain text of the first paragraphs of Markdown, until there is enough; without headings, lists, code, quotes and pictures."""
    found = ""
    tokens = _markdown.parse(content[:_READ_FOR_BEGINNING])
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and before.level == 0 and token.children:
            found = f"{found} {plain(token.children)}".strip()
            if len(found) >= ENOUGH:
                break
    return _shortened(found)


def plain(tokens: list[Token]) -> str:
    """The words of inline tokens, in one line."""
    text = "".join(
        token.content if token.type in {"text", "code_inline"} else " " if token.type in {"softbreak", "hardbreak"} else "" for token in tokens
    )
    return " ".join(text.split())


def reading_minutes(content: str) -> int:
    """Whole minutes at 220 words, or 500 signs of scripts without spaces, a minute; at least one."""
    signs = len(_SIGN.findall(content))
    words = len(_WORD.findall(_SIGN.sub(" ", content) if signs else content))
    return max(1, math.ceil(words / _WORDS_A_MINUTE + signs / _SIGNS_A_MINUTE))


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_BEGINNING:
        return text
    head = text[: LONGEST_BEGINNING - 1]
    at = head.rfind(" ")
    return (head[:at] if at > LONGEST_BEGINNING // 2 else head).rstrip(" ,;:\u2013-") + "…"
