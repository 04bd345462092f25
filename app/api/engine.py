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
from auth.principal import Kind
from tenants.errors import Refusal, Unauthenticated

if TYPE_CHECKING:
    from app.bus import Bus
    from auth.invitations import Invitations
    from auth.policies import Policies
    from tenants.database import Database


@dataclass(frozen=True, slots=True)
class Asked:
    """What a GraphQL request asks for. `idempotency_key`: under which its mutations are done once."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]
    idempotency_key: str | None = None


class MutationNotAllowed(Refusal):
    """A mutation where only queries are taken."""

    code = "MUTATION_NOT_ALLOWED"


class Engine:
    """One per process. `dev`: introspection for everybody, and hints at what was probably meant. Without `invitations` nobody comes in."""

    def __init__(
        self, schema: Schema, database: Database, bus: Bus, policies: Policies, invitations: Invitations | None = None, *, dev: bool
    ) -> None:
        self._schema = schema
        self._bus = bus
        self._policies = policies
        self._invitations = invitations
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
            if operation.closed is not None and caller.principal.kind is Kind.ANONYMOUS:
                await self._check_public(operation.closed, caller)
            if not queries_only or operation.is_query:
                variables = operation.coerced(self._schema, asked.variables, hints=open_to)
                with Timed(operation):
                    return await self._run(operation, variables, asked, caller)
        except Refusal as refusal:
            return refused(refusal)
        raise MutationNotAllowed("Mutations are taken by POST only.")

    async def _check_public(self, field: str, caller: Caller) -> None:
        """Raises Unauthenticated where the organization wants only people who are signed in to read."""
        if not (await self._policies.of(caller.tenant)).public_reading:
            raise Unauthenticated(f"This organization is read by people who are signed in, {field} as all the rest. {SIGN_IN}")

    async def _run(self, operation: Operation, variables: Mapping[str, Any], asked: Asked, caller: Caller) -> Answer:
        if operation.introspects or not operation.is_query:
            execution = Execution(self._reader, self._bus, operation, variables, caller, self._invitations, asked.idempotency_key)
            answer = await execution.answer(asked.variables)
            if not operation.is_query:
                self._policies.forget(caller.tenant)
            return answer
        plan = self._reader.query(operation, variables, caller.principal)
        if not plan.finishers:
            return of_document(await self._reader.document(plan, variables, caller))
        return of_data(*await self._reader.tree(plan, variables, caller))
