"""Which names a directory takes for the same."""

from __future__ import annotations

import unicodedata


def as_matched(login: str) -> str:
    """One spelling of all those that a directory's matching rules do not tell apart (RFC 4518, 2), and of those that differ in accents alone.

    Whoever guesses a person's password would otherwise have as many first tries as there are spellings of their name: full width, with
    soft hyphens, with spaces doubled. Where two people's names differ in no more than that, they share a count: both wait for who guesses at
    one of them, and both are free again when one of them has signed in.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", login).casefold())
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] not in "MCZ")
