"""What an installation needs before its first schema: roles, their memberships, and the rights of the database itself."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from tenants.database import AdminConnection
from tenants.errors import ConfigurationError
from tenants.naming import RoleName, group_for, quoted
from tenants.privileges import add_member, can_set_role, close_functions, close_temporary_tables_but_to
from tenants.settings import TenantSettings

SEARCH_PATH = "pg_catalog"


@dataclass(frozen=True, slots=True)
class Installation:
    """The names that keep one installation apart from others on the same cluster."""

    prefix: str
    owner: str
    login: str
    group: RoleName


async def read(admin: AdminConnection, settings: TenantSettings) -> Installation | None:
    """The installation in this database, or None where there is none yet."""
    if await admin.value("SELECT tablename FROM pg_tables WHERE schemaname = 'control' AND tablename = 'installation'") is None:
        return None
    await admin.run(f"SET ROLE {quoted(settings.owner_role)}")
    prefix = await admin.value("SELECT role_prefix FROM control.installation")
    await admin.run("RESET ROLE")
    return _installation(settings, prefix) if prefix else None


async def prepare(admin: AdminConnection, settings: TenantSettings) -> Installation:
    """Make what is missing; safe to repeat. Raises ConfigurationError where the admin role lacks a right, with the SQL that grants it."""
    found = await read(admin, settings)
    installation = found or _installation(settings, f"i{secrets.token_hex(3)}")
    await _require_rights(admin)
    async with admin.transaction():
        await _make_roles(admin, installation, settings)
        await _make_control_schema(admin, installation)
        await close_temporary_tables_but_to(admin, installation.owner)
    await close_functions(admin, installation.owner, installation.login)
    return installation


async def remember(admin: AdminConnection, installation: Installation) -> None:
    """Write the prefix down, in the transaction that made the control tables."""
    await admin.run("INSERT INTO control.installation (role_prefix) VALUES ($1) ON CONFLICT DO NOTHING", installation.prefix)


def _installation(settings: TenantSettings, prefix: str) -> Installation:
    return Installation(prefix, settings.owner_role, settings.login_role, group_for(prefix))


async def _require_rights(admin: AdminConnection) -> None:
    rights = await admin.rows(
        "SELECT current_user AS name, current_database() AS db, rolsuper OR rolcreaterole AS roles, "
        "has_database_privilege(current_database(), 'CREATE') AS schemas FROM pg_roles WHERE rolname = current_user"
    )
    name, db = quoted(rights[0]["name"]), quoted(rights[0]["db"])
    problems = []
    if not rights[0]["roles"]:
        problems.append(f"IMPRINT_ADMIN_DATABASE_URL names a role that cannot make roles: run ALTER ROLE {name} CREATEROLE as a superuser")
    if not rights[0]["schemas"]:
        problems.append(f"IMPRINT_ADMIN_DATABASE_URL names a role that cannot make schemas: run ALTER DATABASE {db} OWNER TO {name} as a superuser")
    if problems:
        raise ConfigurationError(problems)


async def _make_roles(admin: AdminConnection, installation: Installation, settings: TenantSettings) -> None:
    for role in (installation.owner, installation.group):
        if not await _role_exists(admin, role):
            await admin.run(f"CREATE ROLE {quoted(role)} NOLOGIN")
    if not await _role_exists(admin, installation.login):
        await _make_login(admin, installation.login, unquote(urlsplit(settings.database_url).password or ""))
    await _check_login(admin, installation.login)
    if not await can_set_role(admin, installation.owner):
        await add_member(admin, installation.owner, await admin.value("SELECT current_user"), inherit=False)


async def _role_exists(admin: AdminConnection, role: str) -> bool:
    return bool(await admin.value("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role))


async def _make_login(admin: AdminConnection, login: str, password: str) -> None:
    literal = await admin.value("SELECT quote_literal($1::text)", password)
    await admin.run(f"CREATE ROLE {quoted(login)} LOGIN NOINHERIT PASSWORD {literal}")
    await admin.run(f"ALTER ROLE {quoted(login)} SET search_path = {SEARCH_PATH}")


async def _check_login(admin: AdminConnection, login: str) -> None:
    row = (await admin.rows("SELECT rolsuper, rolinherit, rolbypassrls FROM pg_roles WHERE rolname = $1", login))[0]
    if row["rolsuper"] or row["rolbypassrls"] or row["rolinherit"]:
        mend = f"run ALTER ROLE {quoted(login)} NOSUPERUSER NOBYPASSRLS NOINHERIT as a superuser, or name another role"
        raise ConfigurationError([f"IMPRINT_DATABASE_URL names a role that could read every tenant by itself: {mend}"])


async def _make_control_schema(admin: AdminConnection, installation: Installation) -> None:
    owner, database = quoted(installation.owner), quoted(await admin.value("SELECT current_database()"))
    if await admin.value("SELECT to_regnamespace('control')") is None:
        await admin.run(f"CREATE SCHEMA control AUTHORIZATION {owner}")
    await admin.run(f"GRANT CONNECT ON DATABASE {database} TO {quoted(installation.login)}")
