"""People whom a provider has told of: found, made, changed and given up, each change one transaction with its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from app.scim.answers import Resource
from app.scim.documents import Document, read, require
from app.scim.errors import ScimRefusal, not_found
from app.scim.patching import Operation, patched
from app.scim.persons import Person, address_of, name_of, person_of, proven, said_of
from app.scim.schemas import USERS
from app.scim.selecting import Clear, Field, Identifier, Moment, Related, Same, Sealed, Truth, condition_of, order_of
from app.users.commands import ProvisionUser, RemoveUser, ReviseProvisioned
from app.users.errors import AddressTaken
from app.users.tables import users
from app.users.values import EMAIL_PURPOSE
from auth.scim import records
from auth.scim.tables import scim_groups, scim_members, scim_users
from tenants.database import repeatable
from tenants.errors import Conflict
from tenants.ids import new_id
from tenants.statements import statement

if TYPE_CHECKING:
    from app.bus import Bus
    from app.scim.callers import Caller
    from app.scim.queries import Query
    from auth.sso.domains import EmailDomains
    from tenants.database import Connection, Database
    from tenants.transaction import Transaction

ATTEMPTS = 5
Change = Callable[[Document], Document]

_MODIFIED = func.greatest(scim_users.c.updated_at, users.c.updated_at)
_FROM = users.join(scim_users, scim_users.c.user_id == users.c.id)
_HELD = (users.c.person_key.is_not(None), users.c.email.is_not(None))
_COLUMNS = (
    users.c.id,
    users.c.name,
    users.c.status,
    users.c.email,
    users.c.person_key,
    users.c.version.label("user_version"),
    scim_users.c.sealed,
    scim_users.c.version,
    scim_users.c.created_at,
    _MODIFIED.label("updated_at"),
)
ONE = statement(
    select(*_COLUMNS).select_from(_FROM).where(scim_users.c.connection_id == bindparam("connection_id"), users.c.id == bindparam("user_id"), *_HELD)
)
GROUPS_OF = statement(
    select(scim_members.c.user_id, scim_groups.c.id, scim_groups.c.display_name)
    .join(scim_groups, scim_groups.c.id == scim_members.c.group_id)
    .where(scim_members.c.connection_id == bindparam("connection_id"), scim_members.c.user_id == func.any(bindparam("ids")))
    .order_by(scim_groups.c.name_key)
)
PERSON_KEY = statement("SELECT person_key FROM __tenant__.users WHERE id = :id")


class People:
    def __init__(self, database: Database, bus: Bus, domains: EmailDomains) -> None:
        self._database = database
        self._bus = bus
        self._domains = domains

    async def page(self, caller: Caller, query: Query) -> tuple[int, list[Resource]]:
        """How many there are, and those of the page. Raises ScimRefusal."""
        chosen = _chosen(caller, query)
        fields = _fields(caller)
        order = [order_of(USERS, fields, query.sort_by)] if query.sort_by else []
        rows = chosen.with_only_columns(*_COLUMNS).order_by(*(one.desc() if query.descending else one for one in order), users.c.id)
        async with self._database.reading(caller.tenant.place) as connection:
            total: int = await connection.fetchval(statement(chosen.with_only_columns(func.count())))
            found = await connection.fetch(statement(rows.offset(query.start - 1).limit(query.count))) if query.count else []
            persons = [person_of(row, caller.tenant.key) for row in found]
            groups = await _groups(connection, caller, [person.user_id for person in persons]) if query.shown.wants("groups") else {}
        return total, [person.resource(caller.base, groups.get(person.user_id, ())) for person in persons]

    async def get(self, caller: Caller, user_id: UUID) -> Resource:
        """Raises ScimRefusal where this connection has told of nobody with this id."""
        async with self._database.reading(caller.tenant.place) as connection:
            person = await _person(connection, caller, user_id)
            groups = await _groups(connection, caller, [user_id])
        return person.resource(caller.base, groups.get(user_id, ()))

    async def create(self, caller: Caller, sent: object) -> Resource:
        """Somebody new, or whoever has the address already. Raises ScimRefusal, UserNameTaken and the refusals of the organization's rules."""
        document = read(USERS, sent)
        require(USERS, document)
        email = proven(address_of(document), await self._domains.verified(caller.tenant))
        try:
            user_id = await self._created(caller, document, email)
        except AddressTaken:  # the same person at the same moment was made first: now they are found
            user_id = await self._created(caller, document, email)
        return await self.get(caller, user_id)

    async def replace(self, caller: Caller, user_id: UUID, sent: object, if_match: str | None) -> Resource:
        """What is not sent is no longer said; whether they are active, and their address, stay where nothing is said of them."""
        document = read(USERS, sent)
        require(USERS, document)
        return await self._change(caller, user_id, lambda held: {"active": held["active"], "emails": held["emails"], **document}, if_match)

    async def patch(self, caller: Caller, user_id: UUID, operations: tuple[Operation, ...], if_match: str | None) -> Resource:
        return await self._change(caller, user_id, lambda held: patched(USERS, held, operations), if_match)

    async def delete(self, caller: Caller, user_id: UUID, if_match: str | None) -> None:
        """They are removed from the organization: nothing that they had opens a door. What they wrote stays, and they may come back."""
        async with self._database.reading(caller.tenant.place) as connection:
            person = await _person(connection, caller, user_id)
        expect_tag(person.tag, if_match)
        try:
            await self._deleted(caller, user_id, None if if_match in {None, "*"} else person.user_version)
        except Conflict:
            raise precondition_failed() from None

    async def _change(self, caller: Caller, user_id: UUID, change: Change, if_match: str | None) -> Resource:
        """Tried again where somebody else was faster, unless the client has said which version it means."""
        domains = await self._domains.verified(caller.tenant)
        for attempt in range(1, ATTEMPTS + 1):
            async with self._database.reading(caller.tenant.place) as connection:
                person = await _person(connection, caller, user_id)
            expect_tag(person.tag, if_match)
            held = person.document()
            wanted = _where_it_is(person, change(held))
            if wanted == held:
                break
            try:
                await self._changed(caller, person, wanted, domains)
                break
            except records.UserNameTaken:
                raise
            except Conflict:
                if if_match not in {None, "*"}:
                    raise precondition_failed() from None
                if attempt == ATTEMPTS:
                    raise
        return await self.get(caller, user_id)

    @repeatable
    async def _created(self, caller: Caller, document: Document, email: str) -> UUID:
        connection = caller.connection
        command = ProvisionUser(new_id(), email, name_of(document), document.get("active", True), connection.default_role)
        async with self._bus.unit(caller.tenant, caller.principal, correlation_id=caller.correlation_id) as unit:
            (user_id,) = (await unit.execute(command)).aggregates
            person_key = await unit.transaction.connection.fetchval(PERSON_KEY, id=user_id)
            await records.insert(unit.transaction, connection.id, user_id, person_key, said_of(document))
            await caller.tell(unit.transaction, "ScimUserCreated", user_id, {"found": user_id != command.user_id})
        return user_id

    @repeatable
    async def _deleted(self, caller: Caller, user_id: UUID, expected_version: int | None) -> None:
        async with self._bus.unit(caller.tenant, caller.principal, correlation_id=caller.correlation_id) as unit:
            await unit.execute(RemoveUser(user_id, expected_version))
            if not await records.drop(unit.transaction, caller.connection.id, user_id):
                raise not_found("User")
            await caller.tell(unit.transaction, "ScimUserRemoved", user_id)

    @repeatable
    async def _changed(self, caller: Caller, person: Person, wanted: Document, domains: frozenset[str]) -> None:
        held, address = person.document(), address_of(wanted)
        command = ReviseProvisioned(
            person.user_id,
            person.user_version,
            email=person.email if address == person.email else proven(address, domains),
            name=name_of(wanted) if name_of(wanted) != name_of(held) else person.name,
            active=wanted.get("active", person.active) if wanted.get("active", person.active) != person.active else None,
            role=caller.connection.default_role,
        )
        async with self._bus.unit(caller.tenant, caller.principal, correlation_id=caller.correlation_id) as unit:
            await unit.execute(command)
            await records.save(unit.transaction, caller.connection.id, person.user_id, person.person_key, said_of(wanted), person.version)
            await self._tell(unit.transaction, caller, person, wanted)

    async def _tell(self, tx: Transaction, caller: Caller, person: Person, wanted: Document) -> None:
        held = person.document()
        names = sorted(name for name in {*held, *wanted} if held.get(name) != wanted.get(name))
        details: dict[str, Any] = {"changed": names}
        if "active" in names:
            details["active"] = wanted.get("active", person.active)
        await caller.tell(tx, "ScimUserChanged", person.user_id, details)


def _where_it_is(person: Person, wanted: Document) -> Document:
    """With the address written as it is kept, so that saying the same again changes nothing. Raises ScimRefusal."""
    require(USERS, wanted)
    moved = (address_of(wanted) or person.email).strip().lower() != person.email
    return wanted if moved else {**wanted, "emails": person.document()["emails"]}


def expect_tag(tag: str, if_match: str | None) -> None:
    """Raises ScimRefusal (412) where the client means another version (RFC 7644, 3.14). Weak tags are compared as they are."""
    if if_match is not None and if_match.strip() != "*" and tag not in {one.strip() for one in if_match.split(",")}:
        raise precondition_failed()


def precondition_failed() -> ScimRefusal:
    return ScimRefusal(412, "This was changed since you read it. Read it again, then try again.")


def _chosen(caller: Caller, query: Query) -> Select[Any]:
    chosen = select().select_from(_FROM).where(scim_users.c.connection_id == caller.connection.id, *_HELD)
    return chosen.where(condition_of(USERS, _fields(caller), query.filter)) if query.filter else chosen


def _fields(caller: Caller) -> Mapping[str, Field]:
    """What people can be found and sorted by; what is not here is encrypted and has no index."""
    key, connection_id = caller.tenant.key, caller.connection.id
    email = Sealed(users.c.email_index, lambda text: key.blind_indexes(EMAIL_PURPOSE, text.strip().lower()))
    within = (scim_members.c.connection_id == scim_users.c.connection_id) & (scim_members.c.user_id == scim_users.c.user_id)
    group = Related(Identifier(scim_members.c.group_id), within)
    return {
        "id": Identifier(users.c.id),
        "username": Sealed(scim_users.c.user_name_index, lambda text: records.user_name_indexes(key, connection_id, text)),
        "externalid": Sealed(scim_users.c.external_id_index, lambda text: records.external_id_indexes(key, connection_id, text)),
        "emails": email,
        "emails.value": email,
        "emails.type": Same("work"),
        "emails.primary": Same(value=True),
        "displayname": Clear(users.c.name),
        "active": Truth(users.c.status == "active"),
        "groups": group,
        "groups.value": group,
        "meta.resourcetype": Same("User"),
        "meta.created": Moment(scim_users.c.created_at),
        "meta.lastmodified": Moment(_MODIFIED),
    }


async def _person(connection: Connection, caller: Caller, user_id: UUID) -> Person:
    row = await connection.fetchrow(ONE, connection_id=caller.connection.id, user_id=user_id)
    if row is None:
        raise not_found("User")
    return person_of(row, caller.tenant.key)


async def _groups(connection: Connection, caller: Caller, ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    if ids:
        for row in await connection.fetch(GROUPS_OF, connection_id=caller.connection.id, ids=list(ids)):
            found.setdefault(row["user_id"], []).append(row)
    return found
