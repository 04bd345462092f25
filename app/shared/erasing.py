"""What of a person goes when they are erased, beside their own row: each context says its part when it is imported."""

from __future__ import annotations

from tenants.statements import Statement

ERASING: dict[str, Statement] = {}
"""By what it is. Each takes `:user_id` and is run within the transaction that erases the person."""


def erases(what: str, statement: Statement) -> None:
    if what in ERASING:
        raise TypeError(f"{what} is erased already")
    ERASING[what] = statement
