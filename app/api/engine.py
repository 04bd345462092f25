"""Answering GraphQL requests: reads by compiled plans, everything else through graphql-core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.api.answers import Answer, of_data, of_document, refused
from app.api.documents import Documents, Operation
from app.api.errors import SIGN_IN
from app.api.execution import Execution
from app.api.measures import Timed
from app.api.reading import Caller, Reader
from app.api.schema import Schema
from tenants.errors import Refusal, Unauthenticated

if TYPE_CHECKING:
    from app.bus import Bus
    from tenants.database import Database


@dataclass(frozen=True, slots=True)
class Asked:
    """What a GraphQL request asks for."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


class MutationNotAllowed(Refusal):
    """A mutation where only queries are taken."""

    code = "MUTATION_NOT_ALLOWED"


class Engine:
    """One per process. `dev`: introspection for everybody, and hints at what was probably meant."""

    def __init__(self, schema: Schema, database: Database, bus: Bus, *, dev: bool) -> None:
        self._schema = schema
        self._bus = bus
        self._dev = dev
        self._documents = Documents(schema)
        self._reader = Reader(schema, database)

    async def answer(self, asked: Asked, caller: Caller, *, queries_only: bool) -> Answer:
        """The response, whatever was asked. Raises MutationNotAllowed where one was sent and only queries are taken."""
        open_to = self._dev or caller.principal.user_id is not None
        try:
            operation = self._documents.document(asked.query, hints=open_to).operation(asked.operation_name)
            if operation.introspects and not open_to:
                raise Unauthenticated(f"Introspection is for people who are signed in. {SIGN_IN}")
            if not queries_only or operation.is_query:
                variables = operation.coerced(self._schema, asked.variables, hints=open_to)
                with Timed(operation):
                    return await self._run(operation, variables, asked, caller)
        except Refusal as refusal:
            return refused(refusal)
        raise MutationNotAllowed("Mutations are taken by POST only.")

    async def _run(self, operation: Operation, variables: Mapping[str, Any], asked: Asked, caller: Caller) -> Answer:
        if operation.introspects or not operation.is_query:
            return await Execution(self._reader, self._bus, operation, variables, caller).answer(asked.variables)
        plan = self._reader.query(operation, variables, caller.principal)
        if not plan.finishers:
            return of_document(await self._reader.document(plan, variables, caller))
        return of_data(*await self._reader.tree(plan, variables, caller))
