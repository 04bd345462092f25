"""Who is in a provider's groups, and the roles that follow by the connection's rules whenever that changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.scim.errors import invalid_value
from app.scim.selecting import id_of
from app.users.commands import FollowGroups
from auth.sso.mapping import role_of
from tenants.statements import statement

if TYPE_CHECKING:
    from app.bus import Unit
    from app.scim.callers import Caller
    from tenants.database import Connection

MEMBERS = statement(
    """
    SELECT m.group_id, m.user_id, u.name FROM __tenant__.scim_members m JOIN __tenant__.users u ON u.id = m.user_id
    WHERE m.group_id = ANY(CAST(:ids AS uuid[])) ORDER BY m.user_id
    """
)
KNOWN = statement("SELECT user_id FROM __tenant__.scim_users WHERE connection_id = :connection_id AND user_id = ANY(CAST(:ids AS uuid[]))")
# All at once and in order, so that nobody waits in a circle.
HOLD_PEOPLE = statement("SELECT id FROM __tenant__.users WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE")
STANDING = statement(
    """
    SELECT u.id, u.role, ARRAY(
      SELECT unnest(ARRAY[g.display_name, g.external_id]) FROM __tenant__.scim_members m JOIN __tenant__.scim_groups g ON g.id = m.group_id
      WHERE m.connection_id = :connection_id AND m.user_id = u.id) AS groups
    FROM __tenant__.users u WHERE u.id = ANY(CAST(:ids AS uuid[])) ORDER BY u.id
    """
)
JOIN = statement(
    """
    INSERT INTO __tenant__.scim_members (group_id, connection_id, user_id)
    SELECT :group_id, connection_id, user_id FROM __tenant__.scim_users
    WHERE connection_id = :connection_id AND user_id = ANY(CAST(:ids AS uuid[])) FOR KEY SHARE ON CONFLICT DO NOTHING
    """
)
LEAVE = statement("DELETE FROM __tenant__.scim_members WHERE group_id = :group_id AND user_id = ANY(CAST(:ids AS uuid[]))")


async def hold(unit: Unit, people: Collection[UUID]) -> None:
    """Before their memberships are written: whoever changes or removes one of them does so before or after."""
    await unit.transaction.connection.fetch(HOLD_PEOPLE, ids=list(people))


def people_in(document: Mapping[str, Any]) -> set[UUID]:
    """Raises ScimRefusal (invalidValue) for what is no person's id."""
    wanted: set[UUID] = set()
    for one in document.get("members", []):
        id = id_of(one.get("value", ""))
        if id is None or one.get("type", "User").lower() != "user":
            raise invalid_value("members takes people, by their id as value; groups in groups are not kept.")
        wanted.add(id)
    return wanted


async def rearrange(unit: Unit, caller: Caller, id: UUID, *, joining: Collection[UUID], leaving: Collection[UUID]) -> None:
    """Call it when all of them are held. Raises ScimRefusal (invalidValue) for whoever is no person of this connection."""
    connection, ids = unit.transaction.connection, list(joining)
    if leaving:
        await connection.execute(LEAVE, group_id=id, ids=list(leaving))
    if not ids:
        return
    strangers = set(ids) - {row["user_id"] for row in await connection.fetch(KNOWN, connection_id=caller.connection.id, ids=ids)}
    if strangers:
        raise invalid_value(f"{min(strangers)} is nobody of whom this connection has told. Create the User first.")
    await connection.execute(JOIN, group_id=id, connection_id=caller.connection.id, ids=ids)


async def follow(unit: Unit, caller: Caller, people: Iterable[UUID]) -> None:
    """Each gets the role of the groups they are in now, where the connection has rules."""
    rules = caller.connection.group_roles
    if not rules:
        return
    rows = await unit.transaction.connection.fetch(STANDING, connection_id=caller.connection.id, ids=list(people))
    for row in rows:
        role = role_of(filter(None, row["groups"]), rules, caller.connection.default_role)
        if role is not None and role != row["role"]:
            await unit.execute(FollowGroups(row["id"], role=role))


async def members_of(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    for row in await connection.fetch(MEMBERS, ids=list(ids)) if ids else ():
        found.setdefault(row["group_id"], []).append((row["user_id"], row["name"]))
    return found
