"""The passwords that leaks show most often, from published lists (SOURCES.txt says which, and under which licences)."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files


def is_listed(password: str) -> bool:
    """Whether the password, in lower case, is one of the list. The list has none under eight characters."""
    return "\n" not in password and f"\n{password}\n".encode() in _lines()


@cache
def _lines() -> bytes:
    """Read with the first question, and left as the text it is: 160 KB, looked through in some microseconds."""
    return b"\n" + gzip.decompress(files(__name__).joinpath("passwords.txt.gz").read_bytes())
