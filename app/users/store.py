"""Loading and saving people and roles. Public fields in clear, the person's key and the blind index stand beside the aggregate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, null

from app.shared.recording import expect_saved
from app.users.errors import RoleNotFound, UserNotFound
from app.users.members import Status, User
from app.users.profiles import PRIVATE_FIELDS, PUBLIC_FIELDS, Preferences, Profile, SealedPreferences
from app.users.roles import Role
from app.users.sealing import PersonalKey
from app.users.tables import roles, users
from app.users.values import EMAIL_PURPOSE
from tenants.database import Row
from tenants.statements import statement
from tenants.transaction import Transaction

_WRITTEN_ONCE = {"id", "created_at", "created_by", "person_key"}
_COLUMNS = [column.name for column in users.c]
_CHANGING = [name for name in _COLUMNS if name not in _WRITTEN_ONCE]
# What is left of somebody who is erased. Everything else that may be null becomes so, columns yet to come among them.
_KEPT_WHEN_ERASED = {"id", "created_at", "created_by", "role", "status", "version", "updated_at", "updated_by"}
_NULL_WHEN_ERASED = [column.name for column in users.c if column.nullable and column.name not in _KEPT_WHEN_ERASED]
_WRITTEN_WHEN_ERASED = ("username", "name", "notification_channels", "permissions", "status", "version", "updated_at", "updated_by")
ERASED_NAME = "Erased person"
_ROLE_CHANGING = ("name", "permissions", "version", "updated_at", "updated_by")
LOAD = statement("SELECT * FROM __tenant__.users WHERE id = :id FOR NO KEY UPDATE")
LOAD_BY_ADDRESS = statement("SELECT * FROM __tenant__.users WHERE email_index = ANY(CAST(:indexes AS bytea[])) FOR NO KEY UPDATE")
LOAD_BY_ROLE = statement("SELECT * FROM __tenant__.users WHERE role = :role ORDER BY id FOR NO KEY UPDATE")
INSERT = statement(
    "INSERT INTO __tenant__.users (id, username, name, email, email_index, person_key, role, status, version, created_at, updated_at, "
    "created_by, updated_by) "
    "VALUES (:id, :username, :name, :email, :email_index, :person_key, :role, :status, :version, :now, :now, :by, :by) "
    "ON CONFLICT (username) DO NOTHING"
)
UPDATE = statement(
    users.update()
    .where(users.c.id == bindparam("user_id"), users.c.version == bindparam("loaded_version"))
    .values({name: bindparam(name) for name in _CHANGING})
)
ERASE = statement(
    users.update()
    .where(users.c.id == bindparam("user_id"), users.c.version == bindparam("loaded_version"))
    .values({**dict.fromkeys(_NULL_WHEN_ERASED, null()), **{name: bindparam(name) for name in _WRITTEN_WHEN_ERASED}})
)
# Outside of the organization: what is imported of it from an older file is erased again.
NOTE_ERASURE = statement("INSERT INTO control.erasures (user_id) VALUES (:user_id) ON CONFLICT DO NOTHING")
ANALYZE = statement("SELECT __tenant__.analyze_users()")
# Whoever takes an owner away holds all of them: of two at once, the second sees what the first has left.
OWNERS = statement("SELECT id FROM __tenant__.users WHERE role = 'owner' AND status = 'active' ORDER BY id FOR NO KEY UPDATE")
LOCK = statement("LOCK TABLE __tenant__.users IN SHARE ROW EXCLUSIVE MODE")
MEMBERS = statement(
    "SELECT count(*) FROM (SELECT FROM __tenant__.users WHERE status IN ('invited', 'active', 'suspended') LIMIT CAST(:most AS bigint)) members"
)
ROLES = statement("SELECT * FROM __tenant__.roles")
ROLE = statement("SELECT * FROM __tenant__.roles WHERE id = :id FOR UPDATE")
# A role that somebody is being given stays as it is until they have it.
ROLE_BY_NAME = statement("SELECT * FROM __tenant__.roles WHERE name = :name FOR SHARE")
INSERT_ROLE = statement(
    "INSERT INTO __tenant__.roles (id, name, permissions, version, created_at, updated_at, created_by, updated_by) "
    "VALUES (:id, :name, :permissions, :version, :now, :now, :by, :by)"
)
UPDATE_ROLE = statement(
    roles.update()
    .where(roles.c.id == bindparam("role_id"), roles.c.version == bindparam("loaded_version"))
    .values({name: bindparam(name) for name in _ROLE_CHANGING})
)
DELETE_ROLE = statement("DELETE FROM __tenant__.roles WHERE id = :id AND version = :loaded_version")


@dataclass(frozen=True, slots=True)
class Person:
    """What stands in a person's row beside the aggregate. All of it goes when they are erased."""

    profile: Profile
    preferences: Preferences
    key: PersonalKey
    email_index: bytes


@dataclass(slots=True)
class Loaded:
    """Somebody as their row had them, to save against. `person` is None where they were erased."""

    user: User
    row: Row
    person: Person | None


async def load(tx: Transaction, user_id: UUID) -> Loaded:
    """Nobody else changes them until this transaction ends. Raises UserNotFound."""
    row = await tx.connection.fetchrow(LOAD, id=user_id)
    if row is None:
        raise UserNotFound
    return _loaded(row, tx)


async def hold_everybody(tx: Transaction) -> None:
    """Nobody else adds or changes anybody until this transaction ends. Ask before loading: of two who hold one each, neither would go on."""
    await tx.connection.execute(LOCK)


async def hold_addresses(tx: Transaction) -> None:
    """While the organization's key is rotated an address may stand in two ways, and only who is alone can say whose it is. Ask before loading."""
    if tx.tenant.key.others:
        await hold_everybody(tx)


async def load_by_address(tx: Transaction, email: str) -> Loaded | None:
    """Whose it is already, if anybody's. Call `hold_addresses` first: the column is unique by itself, but not while the key is rotated."""
    row = await tx.connection.fetchrow(LOAD_BY_ADDRESS, indexes=tx.tenant.key.blind_indexes(EMAIL_PURPOSE, email))
    return _loaded(row, tx) if row else None


async def load_by_role(tx: Transaction, role: str) -> list[Loaded]:
    """Everybody who has it, whether or not they are still here."""
    return [_loaded(row, tx) for row in await tx.connection.fetch(LOAD_BY_ROLE, role=role)]


async def owners(tx: Transaction) -> set[UUID]:
    """Everybody who is an active owner; none of them changes until this transaction ends. Ask before loading."""
    return {row["id"] for row in await tx.connection.fetch(OWNERS)}


async def other_owners(tx: Transaction, user_id: UUID) -> int:
    """How many active owners there are besides this person. As `owners`."""
    return len(await owners(tx) - {user_id})


async def insert_new(tx: Transaction, user: User, person: Person) -> bool:
    """False where the username is somebody else's. Raises UniqueTaken where the address is."""
    return bool(
        await tx.connection.execute(
            INSERT,
            id=user.id,
            username=person.profile.username,
            name=person.profile.name,
            email=user.email,
            email_index=person.email_index,
            person_key=person.key.wrapped,
            role=user.role,
            status=user.status.value,
            version=user.version,
            now=tx.now,
            by=tx.cause.user_id,
        )
    )


async def save(tx: Transaction, loaded: Loaded) -> None:
    """Raises Conflict where somebody else was faster, UniqueTaken where a username or address is somebody else's."""
    user = loaded.user
    if user.version == loaded.row["version"]:
        return
    expect_saved(await tx.connection.execute(UPDATE, user_id=user.id, loaded_version=loaded.row["version"], **_values(loaded, tx)), user)


async def erase(tx: Transaction, loaded: Loaded) -> None:
    """Key, blind index and everything in clear. Raises Conflict where somebody else was faster."""
    user = loaded.user
    expect_saved(
        await tx.connection.execute(
            ERASE,
            user_id=user.id,
            loaded_version=loaded.row["version"],
            username=f"erased-{user.id.hex}",
            name=ERASED_NAME,
            notification_channels=list(user.preferences.channels),
            permissions=list(user.permissions),
            status=user.status.value,
            version=user.version,
            updated_at=tx.now,
            updated_by=tx.cause.user_id,
        ),
        user,
    )
    await tx.connection.execute(NOTE_ERASURE, user_id=user.id)
    await tx.connection.execute(ANALYZE)


async def members_counted_alone(tx: Transaction, most: int) -> int:
    """How many people there are, `most` at most; until this transaction ends nobody else adds or changes any."""
    await hold_everybody(tx)
    counted: int = await tx.connection.fetchval(MEMBERS, most=most)
    return counted


async def role_names(tx: Transaction) -> set[str]:
    return {row["name"] for row in await tx.connection.fetch(ROLES)}


async def load_role(tx: Transaction, role_id: UUID) -> Role:
    """Nobody else changes or gives it until this transaction ends. Raises RoleNotFound."""
    row = await tx.connection.fetchrow(ROLE, id=role_id)
    if row is None:
        raise RoleNotFound
    return role_from_row(row)


async def role_named(tx: Transaction, name: str) -> Role | None:
    row = await tx.connection.fetchrow(ROLE_BY_NAME, name=name)
    return role_from_row(row) if row else None


async def insert_role(tx: Transaction, role: Role) -> None:
    """Raises UniqueTaken where there is one of this name."""
    await tx.connection.execute(
        INSERT_ROLE, id=role.id, name=role.name, permissions=list(role.permissions), version=role.version, now=tx.now, by=tx.cause.user_id
    )


async def save_role(tx: Transaction, role: Role) -> None:
    """Raises Conflict where somebody else was faster, UniqueTaken where there is another of this name."""
    if not role.recorded:
        return
    before = role.version - len(role.recorded)
    if role.gone:
        expect_saved(await tx.connection.execute(DELETE_ROLE, id=role.id, loaded_version=before), role)
        return
    values = {"name": role.name, "permissions": list(role.permissions), "version": role.version, "updated_at": tx.now, "updated_by": tx.cause.user_id}
    expect_saved(await tx.connection.execute(UPDATE_ROLE, role_id=role.id, loaded_version=before, **values), role)


def role_from_row(row: Row) -> Role:
    return Role(row["id"], row["name"], tuple(row["permissions"]), version=row["version"])


def _loaded(row: Row, tx: Transaction) -> Loaded:
    preferences = SealedPreferences(row["language"], row["time_zone"], tuple(row["notification_channels"]))
    user = User(
        row["id"],
        row["role"],
        tuple(row["permissions"]),
        None,  # what only events hold: it is sealed anew whenever the profile changes
        row["email"],
        row["new_email"],
        preferences,
        row["email_verified_at"],
        Status(row["status"]),
        row["version"],
    )
    return Loaded(user, row, _person(row, preferences, tx) if row["person_key"] else None)


def _person(row: Row, preferences: SealedPreferences, tx: Transaction) -> Person:
    key = PersonalKey(tx.tenant.key, row["id"], row["person_key"])
    private: dict[str, Any] = {name: key.open_field(name, row[name]) for name in PRIVATE_FIELDS}
    profile = Profile(**{name: row[name] for name in PUBLIC_FIELDS}, **private)
    return Person(profile, key.open_preferences(preferences), key, row["email_index"])


def _values(loaded: Loaded, tx: Transaction) -> dict[str, Any]:
    user = loaded.user
    return {
        **{name: loaded.row[name] for name in _CHANGING},
        **_beside(loaded),
        "email": user.email,
        "new_email": user.new_email,
        "email_verified_at": user.verified_at,
        "language": user.preferences.language,
        "time_zone": user.preferences.time_zone,
        "notification_channels": list(user.preferences.channels),
        "role": user.role,
        "permissions": list(user.permissions),
        "status": user.status.value,
        "version": user.version,
        "updated_at": tx.now,
        "updated_by": tx.cause.user_id,
    }


def _beside(loaded: Loaded) -> dict[str, Any]:
    """Public fields in clear, private ones as the last event has them."""
    person, sealed = loaded.person, loaded.user.sealed
    if person is None:
        return {}
    private = {name: getattr(sealed, name) for name in PRIVATE_FIELDS} if sealed else {}
    return {**{name: getattr(person.profile, name) for name in PUBLIC_FIELDS}, **private, "email_index": person.email_index}
