"""Which process runs what: a file's tests together, and one process for all that share the running installation.

To make that installation and to deliver what its demo brings takes longer than most files; twice would be once too often.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped] # xdist does not say that it is typed

INSTALLATION = "tests/e2e"
SERVERS_OF_THEIR_OWN = frozenset({"tests/e2e/test_fleet.py", "tests/e2e/test_greeting.py"})


class OneInstallation(LoadFileScheduling):  # type: ignore[misc] # as above
    """As xdist's `loadfile`, but for those files."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        shares = file.startswith(f"{INSTALLATION}/") and file not in SERVERS_OF_THEIR_OWN
        return INSTALLATION if shares else file
