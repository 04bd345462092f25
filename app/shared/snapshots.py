"""How a context says what an aggregate's row must hold, so that rows can be compared with the fold of their events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants.statements import Statement, statement

if TYPE_CHECKING:
    from tenants.database import Row
    from tenants.secrets import TenantKey

Shown = Any
"""A dataclass, compared field by field; the fields of a value object within it go by their own names."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """`begin`: the aggregate before its first event. `rows`: those of many (`:ids`), every column that aggregates have among theirs.

    `of_row`: what a row says. `of_fold`: what the row beside it should say. `gone`: whether the fold ends without a row.
    """

    table: str
    begin: Callable[[UUID], Any]
    rows: Statement
    of_row: Callable[[Row], Shown]
    of_fold: Callable[[Any, Row, TenantKey], Shown]
    gone: Callable[[Any], bool]
    strays: Statement


SNAPSHOTS: dict[str, Snapshots] = {}


def snapshots(
    kind: type,
    table: str,
    *,
    rows: Statement,
    of_row: Callable[[Row], Shown],
    of_fold: Callable[[Any, Row, TenantKey], Shown] = lambda aggregate, _row, _key: aggregate,
    gone: Callable[[Any], bool] = lambda _aggregate: False,
) -> None:
    """Declare how the rows of a kind of aggregate are compared. `table`: a name of ours."""
    name: str = kind.type  # type: ignore[attr-defined] # every aggregate says what it is called
    if name in SNAPSHOTS:
        raise TypeError(f"{name} has said already how its rows are compared")
    SNAPSHOTS[name] = Snapshots(table, kind, rows, of_row, of_fold, gone, _strays(table))


def _strays(table: str) -> Statement:
    """Ids, in order, of rows that no event tells of."""
    return statement(
        f"""
        SELECT r.id FROM __tenant__.{table} r
        WHERE r.id > :after AND NOT EXISTS (SELECT FROM __tenant__.domain_events e WHERE e.aggregate_id = r.id AND e.aggregate_type = :type)
        ORDER BY r.id LIMIT :batch
        """  # noqa: S608 - a name of ours
    )
