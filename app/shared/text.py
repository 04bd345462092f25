"""Text as people type it: normalized once, measured once, refused with words they can act on."""

from __future__ import annotations

import unicodedata

_ALLOWED_CONTROLS = {"\n", "\t"}


def cleaned(text: str) -> str:
    """NFC (Unicode Standard Annex 15), line ends as line feeds, no spaces around."""
    return composed(text).strip()


def composed(text: str) -> str:
    """As `cleaned`, with the spaces around."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def objection(text: str, *, longest: int, shortest: int = 0, lines: bool = False) -> str | None:
    """What is wrong with the text, or None. Lengths are in characters (code points)."""
    if any(_forbidden(character, lines=lines) for character in text):
        return "holds control characters that text cannot have; remove them"
    if len(text) < shortest:
        return "is empty; write something" if not text else f"takes at least {shortest} characters, this has {len(text)}"
    if len(text) > longest:
        return f"takes at most {longest} characters, this has {len(text)}"
    return None


def _forbidden(character: str, *, lines: bool) -> bool:
    category = unicodedata.category(character)
    if category == "Cs":
        return True
    return category == "Cc" and not (lines and character in _ALLOWED_CONTROLS)
