"""How a tenant's place is made: its role, its schema, what is in it and who may do what there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from tenants.database import AdminConnection, Place
from tenants.errors import Refusal
from tenants.naming import RoleName, SchemaName, group_for, quoted, role_for, schema_for
from tenants.privileges import membership
from tenants.settings import TenantSettings

_TAKEN = (
    "SELECT CASE WHEN EXISTS (SELECT FROM control.tombstones WHERE schema = $1 OR role = $2) THEN 'are those of an organization that was purged' "
    "WHEN EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) THEN 'exist: the schema is there' "
    "WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = $2) THEN 'exist: the role is there' END"
)


class NamesTaken(Refusal):
    """A schema or role that is there was made by somebody for something: it is never taken over."""

    code = "NAMES_TAKEN"


class Provisioner(Protocol):
    """The DDL of a tenant's schema, as data."""

    @property
    def revision(self) -> str: ...

    def statements(self, schema: SchemaName, role: RoleName) -> Sequence[str]:
        """In order, one statement each, with this tenant's names in place; all of them may run in one transaction."""


@dataclass(frozen=True, slots=True)
class Names:
    """The roles that every place of an installation is made with, and the prefix of its own."""

    owner: str
    login: str
    prefix: str

    @classmethod
    async def read(cls, admin: AdminConnection, settings: TenantSettings) -> Names:
        """Within a transaction that acts as the owner."""
        return cls(settings.owner_role, settings.login_role, await admin.value("SELECT role_prefix FROM control.installation"))

    def place_of(self, organization: UUID) -> Place:
        return Place(schema_for(organization), role_for(self.prefix, organization))


async def make_place(admin: AdminConnection, names: Names, provisioner: Provisioner, organization: UUID) -> Place:
    """Make the role and the schema that this organization has or will have, within the caller's transaction.

    It writes nothing in control, and leaves the transaction acting as the owner. Raises NamesTaken.
    """
    place, owner = names.place_of(organization), quoted(names.owner)
    schema, role = quoted(place.schema), quoted(place.role)
    await admin.run(f"SET LOCAL ROLE {owner}")
    taken = await admin.value(_TAKEN, place.schema, place.role)
    if taken:
        raise NamesTaken(f"The names {place.schema} and {place.role} {taken}. Run `imprint migrate drift` to see what is nobody's, then try again.")
    await admin.run("RESET ROLE")
    await admin.run(f"CREATE ROLE {role} NOLOGIN INHERIT")
    await admin.run(f"CREATE SCHEMA {schema} AUTHORIZATION {owner}")
    await admin.run(f"SET LOCAL ROLE {owner}")
    await admin.run(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    await admin.run(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}")
    await admin.run_all(provisioner.statements(place.schema, place.role))
    await admin.run("RESET ROLE")
    # Last, since a grant of the group holds it, and everybody else who makes a place would wait meanwhile.
    await admin.run_all(_memberships(admin.version, names, place.role))
    await admin.run(f"SET LOCAL ROLE {owner}")
    return place


def _memberships(version: int, names: Names, role: RoleName) -> list[str]:
    """The tenant's role has the group's rights by itself; the server's login role must take it to have any."""
    return [
        membership(version, group_for(names.prefix), role, inherit=True),
        membership(version, role, names.login, inherit=False),
    ]
