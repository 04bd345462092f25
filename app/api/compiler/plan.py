"""A compiled read: one statement, its values, and what is left to do after it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import GraphQLError

from app.api.compiler.limits import Cost
from app.api.compiler.parameters import Among, Getter, Values
from app.api.finishing import Finisher, finish
from tenants.statements import in_schema

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Tenant


@dataclass(frozen=True, slots=True)
class Plan:
    """`sql` is None where no row is read: then `constant` is the result. `cost` is checked per request where sizes are variables.

    `uneven`: Postgres plans every reading by its values; one plan for all would not do.
    """

    sql: str | None
    constant: bytes
    fixed: tuple[Any, ...]
    moving: tuple[tuple[int, Getter], ...]
    among: tuple[Among, ...]
    finishers: tuple[Finisher, ...]
    cost: Cost | None
    uneven: bool

    @property
    def weight(self) -> int:
        """Roughly the bytes that it takes."""
        return len(self.sql or "") + len(self.constant) + 400 * (8 + len(self.fixed) + len(self.finishers))

    def arguments(self, values: Values) -> list[Any]:
        """The statement's values for a request. Raises LimitExceeded or ValidationFailed, before any SQL."""
        if self.cost is not None:
            self.cost.check(values.variables)
        arguments = list(self.fixed)
        for position, getter in self.moving:
            arguments[position] = getter(values)
        return arguments

    async def text(self, database: Database, tenant: Tenant, values: Values) -> bytes:
        """The JSON text of the result's `data`, as Postgres wrote it. Raises what `arguments` does, before any SQL."""
        if self.sql is None:
            return self.constant
        arguments = self.arguments(values)
        sql = in_schema(self.sql, tenant.place.schema)
        async with database.reading(tenant.place) as connection:
            for one in self.among:
                arguments[one.position] = one.found(await connection.fetchval(one.words), arguments[one.position])
            found = await (connection.planned_document(sql, arguments) if self.uneven else connection.document(sql, arguments))
        if found is None:
            raise TypeError("a compiled read answers with one document")
        return found

    async def tree(self, database: Database, tenant: Tenant, values: Values, correlation_id: UUID) -> tuple[dict[str, Any], list[GraphQLError]]:
        """The same, decoded and finished, with the errors of fields that became null."""
        tree: dict[str, Any] = json.loads(await self.text(database, tenant, values))
        return tree, finish(tree, self.finishers, tenant.key, correlation_id)
