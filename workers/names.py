"""Names that people chose, in letters to addresses of which nobody has proven that they want them: they must not carry a message of their own."""

from __future__ import annotations

import re

LONGEST = 60
# What mail programs make a link of. The full stops are those that IDNA takes for one (RFC 3490, 3.1), and U+2024, which looks like it.
_LINKED = re.compile(r"://|www\.|@|[^\W_][.\u2024\u3002\uff0e\uff61][^\W\d_]{2,}|\d+(?:\.\d+){3}", re.IGNORECASE)


def harmless(name: str, otherwise: str) -> str:
    """The name on one line and cut where it is long; `otherwise` where a mail program would make a link of a part of it."""
    plain = " ".join(name.split())
    if _LINKED.search(plain):
        return otherwise
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1].rstrip()}…"
