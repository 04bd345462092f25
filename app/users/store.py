"""Loading and saving people and roles. The e-mail's key and blind index stand beside the aggregate, never in its events."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.shared.recording import expect_saved
from app.users.errors import UserNotFound
from app.users.members import Status, User
from app.users.roles import Role
from tenants.statements import statement
from tenants.transaction import Transaction

LOAD = statement("SELECT id, role, status, version FROM __tenant__.users WHERE id = :id")
INSERT = statement(
    "INSERT INTO __tenant__.users (id, username, name, email, email_index, person_key, role, status, version, created_at, updated_at, "
    "created_by, updated_by) "
    "VALUES (:id, :username, :name, :email, :email_index, :person_key, :role, :status, :version, :now, :now, :by, :by) "
    "ON CONFLICT (username) DO NOTHING"
)
UPDATE = statement(
    "UPDATE __tenant__.users SET role = :role, status = :status, version = :version, updated_at = :now, updated_by = :by "
    "WHERE id = :id AND version = :loaded_version"
)
ROLE_NAMES = statement("SELECT name FROM __tenant__.roles")
INSERT_ROLE = statement(
    "INSERT INTO __tenant__.roles (id, name, permissions, version, created_at, updated_at, created_by, updated_by) "
    "VALUES (:id, :name, :permissions, :version, :now, :now, :by, :by)"
)


@dataclass(frozen=True, slots=True)
class Person:
    """What stands in a person's row beside the aggregate: names in clear, and what makes their address readable and findable.

    All of it goes when they are erased.
    """

    username: str
    name: str
    person_key: bytes
    email_index: bytes


async def load(tx: Transaction, user_id: UUID) -> User:
    """Raises UserNotFound."""
    row = await tx.connection.fetchrow(LOAD, id=user_id)
    if row is None:
        raise UserNotFound
    return User(row["id"], row["role"], status=Status(row["status"]), version=row["version"])


async def insert_new(tx: Transaction, user: User, person: Person) -> bool:
    """False where the username is somebody else's. Raises UniqueTaken where the address is."""
    return bool(
        await tx.connection.execute(
            INSERT,
            id=user.id,
            username=person.username,
            name=person.name,
            email=user.sealed.email if user.sealed else None,
            email_index=person.email_index,
            person_key=person.person_key,
            role=user.role,
            status=user.status.value,
            version=user.version,
            now=tx.now,
            by=tx.cause.user_id,
        )
    )


async def save(tx: Transaction, user: User) -> None:
    """Raises Conflict where somebody else was faster."""
    if not user.recorded:
        return
    expect_saved(
        await tx.connection.execute(
            UPDATE,
            id=user.id,
            role=user.role,
            status=user.status.value,
            version=user.version,
            loaded_version=user.version - len(user.recorded),
            now=tx.now,
            by=tx.cause.user_id,
        )
    )


async def role_names(tx: Transaction) -> set[str]:
    return {row["name"] for row in await tx.connection.fetch(ROLE_NAMES)}


async def insert_role(tx: Transaction, role: Role) -> None:
    await tx.connection.execute(
        INSERT_ROLE, id=role.id, name=role.name, permissions=list(role.permissions), version=role.version, now=tx.now, by=tx.cause.user_id
    )
