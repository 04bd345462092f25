"""Text as people type it: normalized once, measured once, refused with words they can act on."""

from __future__ import annotations

import re
import unicodedata

# Categories Cc and Cs of Unicode; texts of several lines may have tabs and line feeds.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FORBIDDEN_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def cleaned(text: str) -> str:
    """NFC (Unicode Standard Annex 15), line ends as line feeds, no spaces around."""
    return composed(text).strip()


def composed(text: str) -> str:
    """As `cleaned`, with the spaces around."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def objection(text: str, *, longest: int, shortest: int = 0, lines: bool = False) -> str | None:
    """What is wrong with the text, or None. Lengths are in characters (code points)."""
    if (_FORBIDDEN_IN_LINES if lines else _FORBIDDEN).search(text):
        return "holds control characters that text cannot have; remove them"
    if len(text) < shortest:
        return "is empty; write something" if not text else f"takes at least {shortest} characters, this has {len(text)}"
    if len(text) > longest:
        return f"takes at most {longest} characters, this has {len(text)}"
    return None
