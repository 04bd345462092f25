"""Reads: finding or compiling the plan for what is asked, by whom, with which shape of variables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import FieldNode, GraphQLError

from app.api.cache import Recent
from app.api.compiler.arguments import Scope
from app.api.compiler.operations import ENTITY_ID, compile_payload, compile_query
from app.api.compiler.parameters import Values
from app.api.compiler.plan import Plan
from app.api.compiler.selections import Selected, collect, subfields
from app.api.cursors import cursor_key
from app.api.documents import Operation
from app.api.rights import rights_of
from app.api.schema import Schema
from app.shared.graph import Rows
from auth.principal import Principal
from tenants.registry import Tenant

if TYPE_CHECKING:
    from tenants.database import Database

MOST_MEMORY = 20_000_000
Wanted = Mapping[str, tuple[str | Rows, Sequence[FieldNode]]]


def nowhere() -> None:
    """The address of whoever does not come by a request."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where something is asked, on whose behalf, and which request it belongs to. `visitor` tells readers who are nobody apart.

    `address`: the IP address from where they ask, as far as it is known; found out when somebody wants to know.
    """

    tenant: Tenant
    principal: Principal
    correlation_id: UUID
    visitor: Callable[[], bytes] = bytes
    address: Callable[[], str | None] = nowhere


class Reader:
    """One per process. Plans are kept by operation, rights and shape of variables: what a statement's text depends on."""

    def __init__(self, schema: Schema, database: Database) -> None:
        self.schema = schema
        self._database = database
        self._plans: Recent[Hashable, Plan] = Recent(MOST_MEMORY)

    def query(self, operation: Operation, variables: Mapping[str, Any], principal: Principal) -> Plan:
        """The plan of a query's root fields, introspection left out."""
        rights, shape = rights_of(principal), operation.shape(variables)
        key = (operation.key, rights, shape)
        known = self._plans.get(key)
        if known is not None:
            return known
        scope = Scope(dict(shape), operation.types)
        selected = collect([operation.node.selection_set], operation.fragments, scope)
        plan = compile_query(self.schema, selected, operation.fragments, scope, rights)
        return self._plans.keep(key, plan, plan.weight)

    async def document(self, plan: Plan, variables: Mapping[str, Any], caller: Caller) -> bytes:
        """The JSON text of the plan's result; only for plans without finishers."""
        return await plan.text(self._database, caller.tenant, _values(variables, caller))

    async def tree(self, plan: Plan, variables: Mapping[str, Any], caller: Caller) -> tuple[dict[str, Any], list[GraphQLError]]:
        """The plan's result, decoded and finished."""
        return await plan.tree(self._database, caller.tenant, _values(variables, caller), caller.correlation_id)

    def selected(self, operation: Operation, variables: Mapping[str, Any], fields: Sequence[FieldNode]) -> Selected:
        """What is selected of an object, by response key."""
        return subfields(fields, operation.fragments, Scope(dict(operation.shape(variables)), operation.types))

    def payload(self, operation: Operation, variables: Mapping[str, Any], wanted: Wanted, *, place: str, caller: Caller) -> Plan:
        """The plan of a mutation's payload, which takes the entity's id as ENTITY_ID. `place`: the mutation's response key.

        Raises what reading it would, so that nothing is done that could not be answered.
        """
        rights, shape = rights_of(caller.principal), operation.shape(variables)
        key = (operation.key, rights, shape, place)
        plan = self._plans.get(key)
        if plan is None:
            scope = Scope(dict(shape), operation.types)
            plan = compile_payload(self.schema, wanted, operation.fragments, scope, rights)
            self._plans.keep(key, plan, plan.weight)
        plan.arguments(_values({**variables, ENTITY_ID: None}, caller))
        return plan


def _values(variables: Mapping[str, Any], caller: Caller) -> Values:
    return Values(variables, caller.principal.user_id, cursor_key(*caller.tenant.key.all))
