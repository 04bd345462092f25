"""Where a browser may be sent after it signed in: to a path of the same address and nowhere else."""

from __future__ import annotations

DEFAULT = "/auth/account"
LONGEST = 2000


def own_path(wanted: str | None) -> str:
    """The path, if it surely stays on this host; else the account page. Browsers read a backslash as a slash."""
    if not wanted or len(wanted) > LONGEST or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return DEFAULT
    if not wanted.isascii() or not wanted.isprintable() or "\\" in wanted:
        return DEFAULT
    return wanted
