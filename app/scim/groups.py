"""Groups of a provider, as it tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, func, select

from app.scim.answers import Resource, moment
from app.scim.documents import Document, read, require
from app.scim.errors import ScimRefusal, invalid_value, not_found
from app.scim.memberships import follow, hold, members_of, people_in, rearrange
from app.scim.patching import Operation, patched
from app.scim.people import expect_tag
from app.scim.schemas import GROUP, GROUPS
from app.scim.selecting import Clear, Field, Identifier, Moment, Related, Same, condition_of, order_of
from auth.scim.tables import scim_groups, scim_members
from tenants.database import UniqueTaken, repeatable
from tenants.ids import new_id
from tenants.statements import statement

if TYPE_CHECKING:
    from app.bus import Bus, Unit
    from app.scim.callers import Caller
    from app.scim.queries import Query
    from tenants.database import Database, Row

LONGEST_NAME = 256  # as an index of Postgres takes it in any script
Change = Callable[[Document], Document]
_CHOSEN = (
    "SELECT id, display_name, external_id, version, created_at, updated_at FROM __tenant__.scim_groups "
    "WHERE connection_id = :connection_id AND id = :id"
)
ONE = statement(_CHOSEN)
HOLD = statement(_CHOSEN + " FOR UPDATE")
INSERT = statement(
    """
    INSERT INTO __tenant__.scim_groups (id, connection_id, display_name, name_key, external_id, version, created_at, updated_at)
    VALUES (:id, :connection_id, :display_name, :name_key, CAST(:external_id AS text), 1, :now, :now)
    """
)
UPDATE = statement(
    """
    UPDATE __tenant__.scim_groups
    SET display_name = :display_name, name_key = :name_key, external_id = CAST(:external_id AS text), version = version + 1, updated_at = :now
    WHERE id = :id
    """
)
DELETE = statement("DELETE FROM __tenant__.scim_groups WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Group:
    id: UUID
    name: str
    external_id: str | None
    members: tuple[tuple[UUID, str], ...]
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def tag(self) -> str:
        return f'W/"{self.version}"'

    def document(self) -> Document:
        """What a client may change of it."""
        document: Document = {"displayName": self.name}
        if self.external_id:
            document["externalId"] = self.external_id
        if self.members:
            document["members"] = [{"value": str(id)} for id, _ in self.members]
        return document

    def resource(self, base: str) -> Resource:
        location = f"{base}/Groups/{self.id}"
        shown = {"schemas": [GROUP], "id": str(self.id), **self.document()}
        if self.members:
            shown["members"] = [{"value": str(id), "$ref": f"{base}/Users/{id}", "display": name, "type": "User"} for id, name in self.members]
        shown["meta"] = {
            "resourceType": "Group",
            "created": moment(self.created_at),
            "lastModified": moment(self.updated_at),
            "location": location,
            "version": self.tag,
        }
        return Resource(shown, self.tag)


class Groups:
    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus

    async def page(self, caller: Caller, query: Query) -> tuple[int, list[Resource]]:
        """How many there are, and those of the page. Raises ScimRefusal."""
        chosen, fields = _chosen(caller, query), _fields()
        order = [order_of(GROUPS, fields, query.sort_by)] if query.sort_by else []
        rows = chosen.with_only_columns(*scim_groups.c).order_by(*(one.desc() if query.descending else one for one in order), scim_groups.c.id)
        async with self._database.reading(caller.tenant.place) as connection:
            total: int = await connection.fetchval(statement(chosen.with_only_columns(func.count())))
            found = await connection.fetch(statement(rows.offset(query.start - 1).limit(query.count))) if query.count else []
            members = await members_of(connection, [row["id"] for row in found]) if query.shown.wants("members") else {}
        return total, [_group(row, members.get(row["id"], ())).resource(caller.base) for row in found]

    async def get(self, caller: Caller, id: UUID, *, with_members: bool = True) -> Resource:
        """Raises ScimRefusal where this connection has told of no such group."""
        async with self._database.reading(caller.tenant.place) as connection:
            row = await connection.fetchrow(ONE, connection_id=caller.connection.id, id=id)
            members = await members_of(connection, [id]) if row and with_members else {}
        if row is None:
            raise not_found("Group")
        return _group(row, members.get(id, ())).resource(caller.base)

    async def create(self, caller: Caller, sent: object) -> Resource:
        """Raises ScimRefusal."""
        document = read(GROUPS, sent)
        require(GROUPS, document)
        id = new_id()
        await self._created(caller, id, document)
        return await self.get(caller, id)

    async def replace(self, caller: Caller, id: UUID, sent: object, if_match: str | None) -> Resource:
        document = read(GROUPS, sent)
        require(GROUPS, document)
        await self._changed(caller, id, lambda _: document, if_match)
        return await self.get(caller, id)

    async def patch(self, caller: Caller, id: UUID, operations: tuple[Operation, ...], if_match: str | None) -> Resource:
        await self._changed(caller, id, lambda held: patched(GROUPS, held, operations), if_match)
        return await self.get(caller, id)

    @repeatable
    async def delete(self, caller: Caller, id: UUID, if_match: str | None) -> None:
        """Its people stay; their roles follow from the groups that are left."""
        async with self._unit(caller) as unit:
            group = await _held(unit, caller, id)
            expect_tag(group.tag, if_match)
            members = [user_id for user_id, _ in group.members]
            await hold(unit, members)
            await unit.transaction.connection.execute(DELETE, id=id)
            await follow(unit, caller, members)
            await caller.tell(unit.transaction, "ScimGroupRemoved", details={"group": str(id), "members": len(members)})

    @repeatable
    async def _created(self, caller: Caller, id: UUID, document: Document) -> None:
        async with self._unit(caller) as unit:
            wanted = people_in(document)
            try:
                await unit.transaction.connection.execute(
                    INSERT, id=id, connection_id=caller.connection.id, now=unit.transaction.now, **_columns(document)
                )
            except UniqueTaken:
                raise _taken() from None
            await hold(unit, wanted)
            await rearrange(unit, caller, id, joining=wanted, leaving=())
            await follow(unit, caller, wanted)
            await caller.tell(unit.transaction, "ScimGroupCreated", details={"group": str(id), "members": len(wanted)})

    @repeatable
    async def _changed(self, caller: Caller, id: UUID, change: Change, if_match: str | None) -> None:
        async with self._unit(caller) as unit:
            group = await _held(unit, caller, id)
            expect_tag(group.tag, if_match)
            wanted = change(group.document())
            require(GROUPS, wanted)
            held, people = {user_id for user_id, _ in group.members}, people_in(wanted)
            named = _columns(wanted) != _columns(group.document())
            if not named and people == held:
                return
            try:
                await unit.transaction.connection.execute(UPDATE, id=id, now=unit.transaction.now, **_columns(wanted))
            except UniqueTaken:
                raise _taken() from None
            affected = people | held if named else people ^ held
            await hold(unit, affected)
            await rearrange(unit, caller, id, joining=people - held, leaving=held - people)
            await follow(unit, caller, affected)
            details = {"group": str(id), "joined": len(people - held), "left": len(held - people), "renamed": named}
            await caller.tell(unit.transaction, "ScimGroupChanged", details=details)

    def _unit(self, caller: Caller) -> Any:
        return self._bus.unit(caller.tenant, caller.principal, correlation_id=caller.correlation_id)


async def _held(unit: Unit, caller: Caller, id: UUID) -> Group:
    """Nobody else changes it until this unit ends."""
    connection = unit.transaction.connection
    row = await connection.fetchrow(HOLD, connection_id=caller.connection.id, id=id)
    if row is None:
        raise not_found("Group")
    return _group(row, (await members_of(connection, [id])).get(id, ()))


def _group(row: Row, members: Iterable[tuple[UUID, str]]) -> Group:
    return Group(row["id"], row["display_name"], row["external_id"], tuple(members), row["version"], row["created_at"], row["updated_at"])


def _columns(document: Mapping[str, Any]) -> dict[str, Any]:
    name: str = document["displayName"]
    if len(name) > LONGEST_NAME:
        raise invalid_value(f"displayName of a group takes at most {LONGEST_NAME} characters.")
    return {"display_name": name, "name_key": name.casefold(), "external_id": document.get("externalId")}


def _taken() -> ScimRefusal:
    return ScimRefusal(409, "This connection has a group of this name already. Find it, and change it.", "uniqueness")


def _chosen(caller: Caller, query: Query) -> Select[Any]:
    chosen = select().select_from(scim_groups).where(scim_groups.c.connection_id == caller.connection.id)
    return chosen.where(condition_of(GROUPS, _fields(), query.filter)) if query.filter else chosen


def _fields() -> Mapping[str, Field]:
    member = Related(Identifier(scim_members.c.user_id), scim_members.c.group_id == scim_groups.c.id)
    return {
        "id": Identifier(scim_groups.c.id),
        "displayname": Clear(scim_groups.c.display_name),
        "externalid": Clear(scim_groups.c.external_id),
        "members": member,
        "members.value": member,
        "meta.resourcetype": Same("Group"),
        "meta.created": Moment(scim_groups.c.created_at),
        "meta.lastmodified": Moment(scim_groups.c.updated_at),
    }
