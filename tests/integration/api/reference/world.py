"""All rows of one organization, which the reference reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tenants.registry import Tenant

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """All rows of one organization, by table."""

    tenant: Tenant
    tables: Mapping[str, Sequence[Row]]
    posts_found: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """For some questions, every post that search leads to, with rank, title and snippet as Postgres made them by hand."""

    def by_id(self, table: str, id: UUID | None) -> Row | None:
        return next((row for row in self.tables[table] if row["id"] == id), None)
