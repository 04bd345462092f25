"""The addresses below /scim/v2, and how they refuse."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import structlog
from litestar import HttpMethod, Response, Router, route
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from app.edge.rates import SharedRates
from app.scim import discovery
from app.scim.answers import Resource, answer, list_document, refused, resource_answer, shown_of
from app.scim.callers import Caller
from app.scim.documents import Document
from app.scim.errors import ScimRefusal, not_found
from app.scim.groups import Groups
from app.scim.patching import Operation, read_operations
from app.scim.people import People
from app.scim.queries import Query, query_of, search_of
from app.scim.requests import LARGEST, Pace, body_of, caller_of
from app.scim.schemas import GROUPS, KINDS, USERS, Kind
from app.scim.selecting import id_of
from auth.http.context import AnyRequest, tenant_of
from auth.parts import Parts
from tenants.errors import Refusal

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from app.bus import Bus
    from tenants.database import Database

ADDRESS = "/scim/v2"
METHODS = [HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE]
DISCOVERY = frozenset({"ServiceProviderConfig", "ResourceTypes", "Schemas"})

log = structlog.get_logger(__name__)


class Resources(Protocol):
    """Resources of one kind; each raises ScimRefusal and the refusals of the organization's rules."""

    def page(self, caller: Caller, query: Query) -> Awaitable[tuple[int, list[Resource]]]: ...
    def get(self, caller: Caller, id: UUID, /) -> Awaitable[Resource]: ...
    def create(self, caller: Caller, sent: object) -> Awaitable[Resource]: ...
    def replace(self, caller: Caller, id: UUID, sent: object, if_match: str | None, /) -> Awaitable[Resource]: ...
    def patch(self, caller: Caller, id: UUID, operations: tuple[Operation, ...], if_match: str | None, /) -> Awaitable[Resource]: ...
    def delete(self, caller: Caller, id: UUID, if_match: str | None, /) -> Awaitable[None]: ...


class Scim:
    """What answers below /scim/v2 in one process."""

    def __init__(self, parts: Parts, database: Database, bus: Bus, redis: Redis) -> None:
        self._parts = parts
        self._pace = Pace(SharedRates(redis))
        self._resources: Mapping[str, Resources] = {USERS.name: People(database, bus, parts.email_domains), GROUPS.name: Groups(database, bus)}

    async def answer(self, request: AnyRequest, path: str) -> Response[bytes]:
        """Raises Refusal."""
        first, *rest = [part for part in path.split("/") if part] or [""]
        if first in DISCOVERY:
            return self._discovered(request, first, rest)
        caller = await caller_of(self._parts, request, self._pace)
        kind = next((kind for kind in KINDS if kind.endpoint == f"/{first}"), None)
        if kind is not None and len(rest) <= 1:
            return await self._resource(request, caller, kind, rest[0] if rest else None)
        if first in {"", "Bulk", "Me", ".search"} and not rest:
            raise ScimRefusal(501, f"{ADDRESS}/{first} is not served here; use {ADDRESS}/Users and {ADDRESS}/Groups.")
        raise not_found("address")

    def _discovered(self, request: AnyRequest, first: str, rest: list[str]) -> Response[bytes]:
        base = f"{self._parts.addresses.of(tenant_of(request))}{ADDRESS}"
        if request.method != "GET":
            raise _not_taken("GET")
        if "filter" in request.query_params:
            raise ScimRefusal(403, "What this server can do is not filtered; ask for all of it.")
        document: Document
        match first, rest:
            case "ServiceProviderConfig", []:
                document = discovery.provider_config(base)
            case "ResourceTypes", []:
                document = discovery.resource_types(base)
            case "ResourceTypes", [name]:
                document = discovery.resource_type(name, base)
            case "Schemas", []:
                document = discovery.schemas(base)
            case "Schemas", [urn]:
                document = discovery.schema(urn, base)
            case _:
                raise not_found("address")
        return answer(document)

    async def _resource(self, request: AnyRequest, caller: Caller, kind: Kind, last: str | None) -> Response[bytes]:
        if last is None:
            return await self._many(request, caller, kind)
        if last == ".search":
            if request.method != "POST":
                raise _not_taken("POST")
            return await self._page(caller, kind, search_of(kind, await body_of(request)))
        id = id_of(last)
        if id is None:
            raise not_found(kind.name)
        return await self._one(request, caller, kind, id)

    async def _many(self, request: AnyRequest, caller: Caller, kind: Kind) -> Response[bytes]:
        match request.method:
            case "GET":
                return await self._page(caller, kind, query_of(kind, dict(request.query_params)))
            case "POST":
                shown = shown_of(kind, *_asked(request))
                return resource_answer(await self._resources[kind.name].create(caller, await body_of(request)), shown, 201)
        raise _not_taken("GET, POST")

    async def _page(self, caller: Caller, kind: Kind, query: Query) -> Response[bytes]:
        total, found = await self._resources[kind.name].page(caller, query)
        return answer(list_document([query.shown.of(one.document) for one in found], total, query.start))

    async def _one(self, request: AnyRequest, caller: Caller, kind: Kind, id: UUID) -> Response[bytes]:
        resources, shown = self._resources[kind.name], shown_of(kind, *_asked(request))
        if_match = request.headers.get("if-match")
        match request.method:
            case "GET":
                found = await resources.get(caller, id)
                known = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
                return answer(None, 304, {"ETag": found.tag}) if found.tag in known else resource_answer(found, shown)
            case "PUT":
                return resource_answer(await resources.replace(caller, id, await body_of(request), if_match), shown)
            case "PATCH":
                operations = read_operations(await body_of(request))
                return resource_answer(await resources.patch(caller, id, operations, if_match), shown)
            case "DELETE":
                await resources.delete(caller, id, if_match)
                return answer(None, 204)
        raise _not_taken("GET, PUT, PATCH, DELETE")


GivenScim = NamedDependency[SkipValidation[Scim]]


@route([ADDRESS, f"{ADDRESS}/{{rest:path}}"], http_method=METHODS, status_code=200)
async def serve_scim(request: AnyRequest, scim: GivenScim) -> Response[bytes]:
    """One handler, so that every refusal below this address, of unknown paths and methods too, is in SCIM's shape."""
    try:
        return await scim.answer(request, request.scope["path"].removeprefix(ADDRESS))
    except Refusal as refusal:
        said = refused(refusal)
        log.info("scim refused", method=request.method, status=said.status_code, code=refusal.code, detail=refusal.message[:200])
        return said


def provisioning(parts: Parts, database: Database, bus: Bus, redis: Redis) -> Router:
    """What the server mounts at its root."""
    scim = Scim(parts, database, bus, redis)
    return Router(
        "/",
        route_handlers=[serve_scim],
        dependencies={"scim": Provide(lambda: scim, use_cache=True, sync_to_thread=False)},
        request_max_body_size=LARGEST,
        include_in_schema=False,
    )


def _asked(request: AnyRequest) -> tuple[str, str]:
    given: Any = request.query_params
    return given.get("attributes", ""), given.get("excludedAttributes", "")


def _not_taken(methods: str) -> ScimRefusal:
    return ScimRefusal(405, f"This address takes {methods}.", headers={"Allow": methods})
