"""Which tenants this release can serve while others are migrated."""

from __future__ import annotations

from migrations.history import History, revisions

OLDEST_SERVED = "0005"


def serves(revision: str | None) -> bool:
    """Whether this release can serve a tenant at this revision: at the oldest served or later, newer ones included."""
    if revision is None:
        return False
    known = [r.id for r in revisions(History.TENANT)]
    return revision not in known or known.index(revision) >= known.index(OLDEST_SERVED)
