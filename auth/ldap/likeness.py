"""Which names a directory takes for the same."""

from __future__ import annotations

import unicodedata


def as_matched(login: str) -> str:
    """One spelling of all those that a directory's matching rules do not tell apart (RFC 4518, 2), and of those that differ in accents alone.

    Whoever guesses a person's password would otherwise have as many first tries as there are spellings of their name: full width, with
    soft hyphens, with spaces doubled. Names that are several people's share a count then, which slows nobody down who knows their password.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", login).casefold())
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] not in "MCZ")
