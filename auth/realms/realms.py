"""Who signs in where: asked by address or by domain, kept by whoever hears of a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from auth.realms.key import RealmKey
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.secrets import Keyring
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Tenant

MOST = 50

_LATEST = "SELECT DISTINCT ON (d.role) d.role, d.proven FROM control.realm_domains d WHERE d.domain = :domain ORDER BY d.role, d.at DESC, d.id DESC"
OWNERS = statement(
    f"SELECT o.id FROM ({_LATEST}) latest JOIN control.organizations o ON o.role = latest.role AND o.status = 'active' "  # noqa: S608 - our own
    "WHERE latest.proven ORDER BY o.id LIMIT 2"
)
HOMES = statement(
    """
    SELECT DISTINCT o.name, o.slug FROM control.home_realms h JOIN control.organizations o ON o.id = h.organization_id AND o.status = 'active'
    WHERE h.email_index = :email_index ORDER BY o.name, o.slug LIMIT :most
    """
)
KEEP = statement(
    """
    INSERT INTO control.home_realms (organization_id, user_id, email_index, version)
    SELECT CAST(:organization AS uuid), p.user_id, p.email_index, p.version
    FROM unnest(CAST(:users AS uuid[]), CAST(:indexes AS bytea[]), CAST(:versions AS int[])) AS p (user_id, email_index, version)
    WHERE EXISTS (SELECT FROM control.organizations o WHERE o.id = CAST(:organization AS uuid))
    ON CONFLICT (organization_id, user_id) DO UPDATE SET email_index = excluded.email_index, version = excluded.version
    WHERE home_realms.version <= excluded.version
    """
)
TELL_FOR = statement(
    """
    INSERT INTO control.realm_domains (id, role, domain, proven)
    SELECT t.id, CAST(:role AS text), t.domain, true FROM unnest(CAST(:ids AS uuid[]), CAST(:domains AS text[])) AS t (id, domain)
    WHERE NOT EXISTS (SELECT FROM control.realm_domains d WHERE d.role = CAST(:role AS text) AND d.domain = t.domain)
    """
)
BUILT = statement(
    """
    INSERT INTO control.realm_standings (organization_id, built_at) SELECT o.id, now() FROM control.organizations o WHERE o.id = :organization
    ON CONFLICT (organization_id) DO UPDATE SET built_at = excluded.built_at
    """
)
IS_BUILT = statement("SELECT true FROM control.realm_standings WHERE organization_id = :organization")
ORIGIN = statement("SELECT origin FROM control.organizations WHERE id = :organization")
UNBUILT = statement(
    "SELECT count(*) FROM control.organizations o WHERE o.status = 'active' "
    "AND NOT EXISTS (SELECT FROM control.realm_standings s WHERE s.organization_id = o.id)"
)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of an organization at one of their versions; `email` only where they may sign in."""

    user_id: UUID
    version: int
    email: str | None


@dataclass(frozen=True, slots=True)
class Home:
    """An organization that an address opens."""

    name: str
    slug: str


class Realms:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self.key = RealmKey(database, keyring)

    async def owner_of(self, domain: str) -> UUID | None:
        """The one active organization that has proven a domain; None where none has, or several."""
        async with self._database.control() as connection:
            found = await connection.fetch(OWNERS, domain=domain)
        return found[0]["id"] if len(found) == 1 else None

    async def homes_of(self, email: str) -> list[Home]:
        """Where somebody with this address can sign in now, by name."""
        index = await self.key.index(email)
        async with self._database.control() as connection:
            return [Home(row["name"], row["slug"]) for row in await connection.fetch(HOMES, email_index=index, most=MOST)]

    async def keep(self, tenant: Tenant, people: Sequence[Known]) -> None:
        """Remember people as they are; what is known of later versions stands, whoever comes first."""
        indexes = [await self.key.index(one.email) if one.email else None for one in people]
        users, versions = [one.user_id for one in people], [one.version for one in people]
        await self._keep(tenant, users, indexes, versions)

    @repeatable
    async def _keep(self, tenant: Tenant, users: list[UUID], indexes: list[bytes | None], versions: list[int]) -> None:
        async with self._database.control() as connection:
            await connection.execute(KEEP, organization=tenant.id, users=users, indexes=indexes, versions=versions)

    async def keep_domains(self, tenant: Tenant, domains: Iterable[str]) -> None:
        """Of an organization that has proven them before this was kept; a clone's are its original's, until it proves them itself."""
        names = sorted(domains)
        async with self._database.control() as connection:
            if await connection.fetchval(ORIGIN, organization=tenant.id) != "cloned":
                await connection.execute(TELL_FOR, role=tenant.place.role, ids=[new_id() for _ in names], domains=names)

    async def built(self, tenant: Tenant) -> None:
        """All of the organization was looked at."""
        async with self._database.control() as connection:
            await connection.execute(BUILT, organization=tenant.id)

    async def is_built(self, organization: UUID) -> bool:
        async with self._database.control() as connection:
            return bool(await connection.fetchval(IS_BUILT, organization=organization))

    async def unbuilt(self) -> int:
        """Active organizations that nobody has looked at wholly yet."""
        async with self._database.control() as connection:
            return int(await connection.fetchval(UNBUILT))
