"""Loading, saving and versions: what every store needs besides its own columns."""

from __future__ import annotations

from tenants.errors import Conflict


def expect_version(current: int, expected: int | None) -> None:
    """Raises Conflict where the caller has seen another version than the one that is there."""
    if expected is not None and expected != current:
        raise Conflict(
            f"This was changed meanwhile: you have version {expected}, it is now {current}. Reload and try again.",
            current_version=current,
            expected_version=expected,
        )


def expect_saved(rows: int) -> None:
    """Raises Conflict where `WHERE version = …` found nothing to update."""
    if rows != 1:
        raise Conflict("Somebody else changed this at the same moment; reload and try again.")
