"""Connections: order, cursors and pages."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.api.cursors import cursor_key
from tenants.registry import Tenant
from tests.integration.api.reference.filters import Filters
from tests.integration.api.reference.spelling import moment
from tests.integration.api.reference.world import Row

LATEST = datetime(9999, 1, 1, tzinfo=UTC)
ORDERS: dict[str, tuple[str, bool]] = {
    f"{name}_{direction}": (name.lower(), direction == "DESC")
    for name in ("AT", "PUBLISHED_AT", "CREATED_AT", "UPDATED_AT", "TITLE", "USERNAME", "NAME")
    for direction in ("ASC", "DESC")
}


def late(value: Any) -> Any:
    """Missing moments count as the latest."""
    return LATEST if value is None else value


def by_rank(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["rank"], row["name"], row["id"]))


def ordered(rows: Iterable[Row], order: str) -> list[Row]:
    column, descending = ORDERS[order]
    return sorted(rows, key=lambda row: (late(row[column]), row["id"]), reverse=descending)


def cursor_for(tenant: Tenant, type_name: str, order: str, row: Row) -> str:
    value = row[ORDERS[order][0]]
    text = "" if value is None else moment(value) if isinstance(value, datetime) else value
    letter, content = "n" if value is None else "v", f"{type_name}.{order}|{row['id']}|{text}".encode()
    mac = cursor_key(tenant.key.key).mac(letter.encode() + content)
    return letter + base64.urlsafe_b64encode(mac + content).rstrip(b"=").decode()


def as_filtered(type_name: str, row: Row) -> Row:
    """What filters see of it: a person's status is stored in small letters."""
    return {**row, "status": row["status"].upper()} if type_name == "User" else row


class Pages(Filters):
    def page(self, type_name: str, rows: Iterable[Row], arguments: Mapping[str, Any]) -> Row:
        order, where = arguments["orderBy"], arguments.get("where")
        whole = ordered([row for row in rows if where is None or self.meets(as_filtered(type_name, row), where)], order)
        cursors = [cursor_for(self.world.tenant, type_name, order, row) for row in whole]
        start, stop = self.bounds(type_name, order, whole, arguments)
        until = max(start, stop)
        rows_before = arguments.get("after") is not None and start > 0
        rows_after = arguments.get("before") is not None and stop < len(whole)
        if arguments.get("last") is not None:
            first, after = max(start, until - arguments["last"]), until
            more_before, more_after = first > start or rows_before, rows_after
        else:
            first, after = start, min(until, start + (20 if arguments.get("first") is None else arguments["first"]))
            more_before, more_after = rows_before, after < until or rows_after
        shown = range(first, after)
        return {
            "nodes": [whole[i] for i in shown],
            "edges": [{"cursor": cursors[i], "node": whole[i]} for i in shown],
            "totalCount": len(whole),
            "pageInfo": {
                "hasNextPage": more_after,
                "hasPreviousPage": more_before,
                "startCursor": cursors[first] if shown else None,
                "endCursor": cursors[after - 1] if shown else None,
            },
        }

    def bounds(self, type_name: str, order: str, whole: Sequence[Row], arguments: Mapping[str, Any]) -> tuple[int, int]:
        """Positions between the cursors. A cursor's own row may be filtered away, so positions are compared, not looked up."""
        column, descending = ORDERS[order]
        everything = self.tables[{"AuditEntry": "audit_entries", "Followed": "subscriptions"}.get(type_name, f"{type_name.lower()}s")]
        at = {cursor_for(self.world.tenant, type_name, order, row): (late(row[column]), row["id"]) for row in everything}

        def ahead(row: Row, cursor: str) -> bool:
            place = (late(row[column]), row["id"])
            return place < at[cursor] if descending else place > at[cursor]

        after, before = arguments.get("after"), arguments.get("before")
        start = sum(not ahead(row, after) for row in whole) if after is not None else 0
        stop = sum(not ahead(row, before) and (late(row[column]), row["id"]) != at[before] for row in whole) if before is not None else len(whole)
        return start, stop
