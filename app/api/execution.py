"""Mutations and introspection, run by graphql-core. Whatever is read on the way is read by compiled plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

import structlog
from graphql import GraphQLError, GraphQLResolveInfo, execute

from app.api.answers import Answer, internal_error, of_data
from app.api.compiler.operations import ENTITY_ID
from app.api.compiler.plan import Plan
from app.api.compiler.selections import Selected
from app.api.documents import Operation
from app.api.errors import DoneButUnread
from app.api.idempotency import FIELD, Key, key_of, once, recall
from app.api.mutations.binding import Done, Mutation
from app.api.mutations.registry import MUTATIONS
from app.api.reading import Caller, Reader
from app.api.rights import rights_of
from app.bus import Bus
from app.shared.encoding import as_json
from auth.errors import ElevationRequired
from auth.invitations import Invitations
from tenants.database import repeatable
from tenants.errors import Refusal, RetryLater

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plain:
    """An object of a payload that was not read: its fields by their own names, whatever they are called in the response."""

    fields: Mapping[str, Any]

    def of(self, name: str) -> Any:
        value = self.fields[name]
        return Plain(value) if isinstance(value, dict) else value


@dataclass(frozen=True, slots=True)
class Execution:
    """One operation run by graphql-core."""

    reader: Reader
    bus: Bus
    operation: Operation
    variables: Mapping[str, Any]
    caller: Caller
    invitations: Invitations | None = None
    idempotency_key: str | None = None

    async def answer(self, given: Mapping[str, Any]) -> Answer:
        """`given`: the variables as they came, since graphql-core reads them itself. Raises RetryLater where nothing was done."""
        root = await self._queried() if self.operation.is_query else None
        running = execute(
            self.reader.schema.graphql,
            self.operation.document,
            root,
            self,
            dict(given),
            self.operation.name,
            field_resolver=_resolve,
        )
        result = await running if isawaitable(running) else running
        errors = [self._told(error) for error in result.errors or ()]
        if result.data is None:
            _raise_if_all_can_be_retried(result.errors or ())
        return of_data(result.data, errors)

    async def _queried(self) -> dict[str, Any]:
        """What a query selects besides introspection, by response keys."""
        plan = self.reader.query(self.operation, self.variables, self.caller.principal)
        tree, errors = await self.reader.tree(plan, self.variables, self.caller)
        return _with_errors(tree, errors)

    async def mutated(self, info: GraphQLResolveInfo[Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Run one mutation; returns its payload by response keys. Raises the Refusal of whichever rule said no."""
        requirement = self.reader.schema.bindings.requirements.get(("Mutation", info.field_name))
        refusal = requirement.refusal(rights_of(self.caller.principal)) if requirement else None
        if refusal:
            raise refusal
        elevated = self.reader.schema.bindings.elevated.get(info.field_name)
        if elevated is not None and (not elevated or not elevated.isdisjoint(given)) and not self.caller.principal.elevated:
            raise ElevationRequired
        mutation = MUTATIONS[info.field_name]
        selected = self.reader.selected(self.operation, self.variables, info.field_nodes)
        place = str(info.path.key)
        plan = self._payload_plan(mutation, selected, place)
        key = key_of(self.idempotency_key, self.caller.principal.user_id, place, info.field_name, given)
        given = {name: value for name, value in given.items() if name != FIELD}
        done = await self._prepared(mutation, given, key)
        payload = await self._read(plan, done) if plan else {}
        plain = {
            "changed": done.changed,
            "eventIds": [str(event) for event in done.events],
            "results": [Plain(as_json(item)) for item in done.results],
        }
        payload.update({key: plain[name] for key, fields in selected.items() if (name := fields[0].name.value) in plain})
        return payload

    async def _prepared(self, mutation: Mutation, given: Mapping[str, Any], key: Key | None) -> Done:
        """What would be refused because it was done already (a link works once) is answered as it was, where the key says so."""
        if mutation.before is None or self.invitations is None:
            return await self._done(mutation, given, key)
        try:
            prepared = await mutation.before(self.invitations, self.caller.tenant, given)
        except Refusal:
            known = await self._known(key) if key else None
            if known is None:
                raise
            return known
        return await self._done(mutation, prepared, key)

    @repeatable
    async def _known(self, key: Key) -> Done | None:
        caller = self.caller
        async with self.bus.unit(caller.tenant, caller.principal, correlation_id=caller.correlation_id) as unit:
            return await recall(unit.transaction, key)

    @repeatable
    async def _done(self, mutation: Mutation, given: Mapping[str, Any], key: Key | None) -> Done:
        caller = self.caller
        async with self.bus.unit(
            caller.tenant, caller.principal, correlation_id=caller.correlation_id, visitor=caller.visitor, address=caller.address
        ) as unit:
            if key is None:
                return await mutation.run(unit, given)
            return await once(unit.transaction, key, lambda: mutation.run(unit, given))

    def _payload_plan(self, mutation: Mutation, selected: Selected, place: str) -> Plan | None:
        """Compiled before the mutation runs: what could not be answered is not done."""
        wanted = {key: (mutation.payload[name], fields) for key, fields in selected.items() if (name := fields[0].name.value) in mutation.payload}
        return self.reader.payload(self.operation, self.variables, wanted, place=place, caller=self.caller) if wanted else None

    async def _read(self, plan: Plan, done: Done) -> dict[str, Any]:
        try:
            return _with_errors(*await self.reader.tree(plan, {**self.variables, ENTITY_ID: done.id}, self.caller))
        except RetryLater as error:
            raise DoneButUnread(done.events) from error

    def _told(self, error: GraphQLError) -> GraphQLError:
        """What the client may know of an error: refusals with their code, everything else as INTERNAL."""
        cause = error.original_error
        if isinstance(cause, Refusal):
            return GraphQLError(cause.message, error.nodes, path=error.path, extensions={"code": cause.code, **cause.extensions()})
        if error.extensions:
            return error
        log.error("a resolver failed", path=error.path, exc_info=cause or error)
        bug = internal_error(self.caller.correlation_id)
        return GraphQLError(bug.message, error.nodes, path=error.path, extensions=bug.extensions)


def _raise_if_all_can_be_retried(errors: Sequence[GraphQLError]) -> None:
    causes = [error.original_error for error in errors]
    if causes and all(isinstance(cause, RetryLater) for cause in causes):
        raise cast("RetryLater", causes[0])


async def _mutate(execution: Execution, info: GraphQLResolveInfo[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return await execution.mutated(info, given)


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Mutations run; everything else was read already and lies under its response key. Errors in the tree are raised by graphql-core."""
    if info.parent_type.name == "Mutation":
        return _mutate(info.context, info, arguments["input"])
    return source.of(info.field_name) if isinstance(source, Plain) else source[info.path.key]


def _with_errors(tree: dict[str, Any], errors: Sequence[GraphQLError]) -> dict[str, Any]:
    """The tree with each error in the place of the field that became null."""
    for error in errors:
        if not error.path:
            continue
        *way, name = error.path
        holder: Any = tree
        for step in way:
            holder = holder[step]
        holder[name] = GraphQLError(error.message, extensions=error.extensions)
    return tree
