"""The roles of an organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.recording import expect_version
from app.shared.violations import together
from app.users import policy, store
from app.users.commands.rights import role_given
from app.users.errors import RoleInUse
from app.users.roles import Role
from app.users.values import DEFAULT_ROLES, known_permissions, role_name
from auth import endings
from auth.principal import Principal
from tenants.database import UniqueTaken
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class DefineDefaultRoles:
    """Give the organization the roles everybody starts with. Repeated, it changes nothing."""


@dataclass(frozen=True, slots=True)
class DefineRoles:
    """Give the organization these roles, permissions by name. Those that are there stay as they are."""

    permissions: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class CreateRole:
    role_id: UUID
    name: str
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateRole:
    """What is None stays as it is."""

    role_id: UUID
    expected_version: int | None = None
    name: str | None = None
    permissions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DeleteRole:
    """`move_to`: the role that its people have from now on; without it, a role that anybody has stays."""

    role_id: UUID
    expected_version: int | None = None
    move_to: str | None = None


@handles(DefineDefaultRoles)
async def define_default_roles(_command: DefineDefaultRoles, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.system_only(who)
    return await _define(DEFAULT_ROLES, tx)


@handles(DefineRoles)
async def define_roles(command: DefineRoles, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.system_only(who)
    return await _define(command.permissions, tx)


async def _define(permissions: Mapping[str, frozenset[str]], tx: Transaction) -> Sequence[Aggregate]:
    existing = await store.role_names(tx)
    roles = [Role.define(new_id(), name, granted) for name, granted in permissions.items() if name not in existing]
    for role in roles:
        await store.insert_role(tx, role)
    return roles


@handles(CreateRole)
async def create_role(command: CreateRole, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    together(lambda: role_name(command.name), lambda: known_permissions(command.permissions))
    name, permissions = role_name(command.name), known_permissions(command.permissions)
    policy.may_give(who, permissions)
    role = Role.define(command.role_id, name, permissions)
    try:
        await store.insert_role(tx, role)
    except UniqueTaken:
        raise _taken(name) from None
    return [role]


@handles(UpdateRole)
async def update_role(command: UpdateRole, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    """People keep their sessions: what they may do is read anew within seconds. Renamed, the role is renamed for everybody who has it."""
    policy.may_manage(who)
    role = await _changing(command.role_id, command.expected_version, who, tx)
    together(lambda: role_name(role.name if command.name is None else command.name), lambda: known_permissions(command.permissions or ()))
    before, called = frozenset(role.permissions), role.name
    if command.permissions is not None:
        permissions = known_permissions(command.permissions)
        policy.may_give(who, permissions - before)
        role.change_permissions(permissions)
    if command.name is not None:
        role.rename(role_name(command.name))
    people = await store.load_by_role(tx, called) if role.name != called else []
    try:
        await store.save_role(tx, role)
    except UniqueTaken:
        raise _taken(role.name) from None
    return [role, *await _moved(people, role.name, tx)]


@handles(DeleteRole)
async def delete_role(command: DeleteRole, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    role = await _changing(command.role_id, command.expected_version, who, tx)
    role.delete()
    people = await store.load_by_role(tx, role.name)
    moved: Sequence[Aggregate] = []
    if command.move_to is not None:
        into = await role_given(command.move_to, who, tx, field="moveTo")
        if into.id == role.id:
            raise ValidationFailed({"moveTo": "is the role that is to be deleted; choose another"})
        moved = await _moved(people, into.name, tx)
        for loaded in people if set(role.permissions) - set(into.permissions) else ():
            await endings.end_sessions(tx, loaded.user.id)
    elif people:
        raise RoleInUse(f"{len(people)} people have this role, those who left included. Say with moveTo which one they have from now on.")
    await store.save_role(tx, role)
    return [role, *moved]


async def _changing(role_id: UUID, expected_version: int | None, who: Principal, tx: Transaction) -> Role:
    role = await store.load_role(tx, role_id)
    policy.may_touch(who, role.name)
    expect_version(role, expected_version)
    return role


async def _moved(people: Sequence[store.Loaded], role: str, tx: Transaction) -> Sequence[Aggregate]:
    for loaded in people:
        loaded.user.follow_role(role)
        await store.save(tx, loaded)
    return [loaded.user for loaded in people]


def _taken(name: str) -> ValidationFailed:
    return ValidationFailed({"name": f"there is a role {name!r} already"})
