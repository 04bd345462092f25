"""Mutations of people and what they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.api.errors import SIGN_IN, invalid
from app.api.mutations.binding import Done, Input, Mutation, Reading, id_of
from app.bus import Unit
from app.shared.graph import Rows
from app.shared.violations import Violations
from app.users.commands import (
    AcceptInvitation,
    ChangeRole,
    CreateRole,
    DeleteRole,
    EraseUser,
    GiveAddress,
    GrantPermissions,
    InviteUser,
    MarkNotificationsRead,
    ReactivateUser,
    RemoveUser,
    RevokePermissions,
    SuspendUser,
    UpdatePreferences,
    UpdateProfile,
    UpdateRole,
)
from app.users.graph import UNREAD_ONLY
from app.users.profiles import Profile
from auth.invitations import Invitations
from tenants.errors import Unauthenticated
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement

UNREAD = statement(
    "SELECT EXISTS (SELECT FROM __tenant__.notifications WHERE user_id = :user_id AND read_at IS NULL "
    "AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[]))))"
)


_USER = {"user": "User"}
_ROLE = {"role": "Role"}
_PROFILE = {
    "username": "username",
    "name": "name",
    "avatarUrl": "avatar_url",
    "bio": "bio",
    "website": "website",
    "jobTitle": "job_title",
    "pronouns": "pronouns",
    "phone": "phone",
    "location": "location",
}
_PREFERENCES = {"language": "language", "timeZone": "time_zone", "notificationChannels": "channels"}
MOST_MARKED = 1000
SOMEBODY = Profile("somebody", "Somebody")
NO_NULL = "takes no null; leave it out to keep what is there"


async def invite_user(unit: Unit, given: Input) -> Done:
    if given["role"] is None:
        raise invalid("role", "takes no null; leave it out for a reader")
    return Done.of(await unit.execute(InviteUser(new_id(), given["email"], given["name"], given["role"], given.get("username"))))


async def hash_chosen(invitations: Invitations, tenant: Tenant, given: Input) -> Input:
    wrong = Violations()
    with wrong.among():
        SOMEBODY.revised(_chosen(given))
    return {**given, "password": await wrong.beside(invitations.hashed(tenant, given["token"], given["password"], name=given.get("name")))}


async def accept_invitation(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(AcceptInvitation(given["token"], given["password"], _chosen(given))))


def _chosen(given: Input) -> dict[str, str | None]:
    """Whoever comes in may be called otherwise than they were invited."""
    return {name: given[name] for name in ("name", "username") if given.get(name) is not None}


async def update_profile(unit: Unit, given: Input) -> Done:
    changes = {field: given[name] for name, field in _PROFILE.items() if name in given}
    user = id_of(given["id"], "id") if given.get("id") is not None else _me(unit)
    return Done.of(await unit.execute(UpdateProfile(user, given.get("expectedVersion"), changes)))


async def update_preferences(unit: Unit, given: Input) -> Done:
    if given.get("notificationChannels", ()) is None:
        raise invalid("notificationChannels", NO_NULL)
    changes: dict[str, Any] = {field: given[name] for name, field in _PREFERENCES.items() if name in given}
    if "channels" in changes:
        changes["channels"] = tuple(changes["channels"])
    return Done.of(await unit.execute(UpdatePreferences(_me(unit), given.get("expectedVersion"), changes)))


async def change_email(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(GiveAddress(_me(unit), given.get("expectedVersion"), given["email"])))


async def change_role(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(ChangeRole(id_of(given["id"], "id"), given.get("expectedVersion"), given["role"])))


def with_permissions(command: Callable[[UUID, int | None, tuple[str, ...]], object]) -> Mutation:
    async def run(unit: Unit, given: Input) -> Done:
        reading = Reading()
        return await reading.execute(unit, command(reading.id(given["id"], "id"), given.get("expectedVersion"), tuple(given["permissions"])))

    return Mutation(run, _USER)


def step(command: Callable[[UUID, int | None], object]) -> Mutation:
    """What takes nothing but the person."""

    async def run(unit: Unit, given: Input) -> Done:
        return Done.of(await unit.execute(command(id_of(given["id"], "id"), given.get("expectedVersion"))))

    return Mutation(run, _USER)


async def erase_user(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(EraseUser(id_of(given["id"], "id"), given.get("expectedVersion"), given["confirm"])))


async def create_role(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(CreateRole(new_id(), given["name"], tuple(given["permissions"]))))


async def update_role(unit: Unit, given: Input) -> Done:
    reading = Reading()
    reading.fields |= {name: NO_NULL for name in ("name", "permissions") if name in given and given[name] is None}
    permissions = tuple(given["permissions"]) if given.get("permissions") is not None else None
    return await reading.execute(unit, UpdateRole(reading.id(given["id"], "id"), given.get("expectedVersion"), given.get("name"), permissions))


async def delete_role(unit: Unit, given: Input) -> Done:
    return Done.of(await unit.execute(DeleteRole(id_of(given["id"], "id"), given.get("expectedVersion"), given.get("moveTo"))))


def _me(unit: Unit) -> UUID:
    me = unit.transaction.cause.user_id
    if me is None:
        raise Unauthenticated(SIGN_IN)
    return me


async def mark_notifications_read(unit: Unit, given: Input) -> Done:
    """Reading is no event, so whether anything changed is asked before it does."""
    ids = given.get("ids")
    if ids is not None and len(ids) > MOST_MARKED:
        raise invalid("ids", f"takes at most {MOST_MARKED}, these are {len(ids)}")
    chosen = None if ids is None else tuple(id_of(text, f"ids.{position}") for position, text in enumerate(ids))
    tx = unit.transaction
    unread = await tx.connection.fetchval(UNREAD, user_id=tx.cause.user_id, ids=None if chosen is None else list(chosen))
    await unit.execute(MarkNotificationsRead(chosen))
    return Done(None, changed=bool(unread), events=())


MUTATIONS = {
    "inviteUser": Mutation(invite_user, _USER),
    "acceptInvitation": Mutation(accept_invitation, _USER, hash_chosen),
    "updateProfile": Mutation(update_profile, _USER),
    "updatePreferences": Mutation(update_preferences, _USER),
    "changeEmail": Mutation(change_email, _USER),
    "changeRole": Mutation(change_role, _USER),
    "grantPermissions": with_permissions(GrantPermissions),
    "revokePermissions": with_permissions(RevokePermissions),
    "suspendUser": step(SuspendUser),
    "reactivateUser": step(ReactivateUser),
    "removeUser": step(RemoveUser),
    "eraseUser": Mutation(erase_user, _USER),
    "createRole": Mutation(create_role, _ROLE),
    "updateRole": Mutation(update_role, _ROLE),
    "deleteRole": Mutation(delete_role),
    "markNotificationsRead": Mutation(mark_notifications_read, {"unread": Rows("Notification", UNREAD_ONLY)}),
}
