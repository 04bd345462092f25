"""Grants whose wording differs between Postgres 15 and later, or that only some admins may give."""

from __future__ import annotations

from tenants.database import AdminConnection
from tenants.naming import quoted

MEMBERSHIP_OPTIONS_SINCE = 16

# They change settings, make large objects, which stand in no schema, or take locks that our own commands wait for.
_FUNCTIONS = (
    "SELECT p.oid::regprocedure::text AS function, has_function_privilege('public', p.oid, 'EXECUTE') AS open FROM pg_proc p "
    "WHERE p.pronamespace = 'pg_catalog'::regnamespace "
    "AND p.proname ~ '^(set_config|lo_creat|lo_create|lo_from_bytea|pg_(try_)?advisory_(xact_)?lock(_shared)?)$' ORDER BY 1"
)


def membership(version: int, role: str, member: str, *, inherit: bool) -> str:
    """SQL that makes `member` a member of `role`: it may take the role; with `inherit` it has its rights without taking it."""
    grant = f"GRANT {quoted(role)} TO {quoted(member)}"
    if version < MEMBERSHIP_OPTIONS_SINCE:  # there the member's own INHERIT attribute decides
        return grant
    return f"{grant} WITH INHERIT {'TRUE' if inherit else 'FALSE'}, SET TRUE"


async def add_member(admin: AdminConnection, role: str, member: str, *, inherit: bool) -> None:
    await admin.run(membership(admin.version, role, member, inherit=inherit))


async def can_set_role(admin: AdminConnection, role: str) -> bool:
    privilege = "SET" if admin.version >= MEMBERSHIP_OPTIONS_SINCE else "MEMBER"
    return bool(await admin.value("SELECT pg_has_role(current_user, $1::name, $2)", role, privilege))


async def open_functions(connection: AdminConnection) -> list[str]:
    """The signatures of those functions that no tenant's role should call and every role may."""
    return [row["function"] for row in await connection.rows(_FUNCTIONS) if row["open"]]


async def close_functions(admin: AdminConnection, owner: str, login: str) -> None:
    """Take them from everybody but our own roles that need them, where the admin may; `doctor` says where it could not.

    Dumps, made as the admin or the owner role, set settings; the login role takes one kind of lock.
    """
    if not await admin.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        return
    keepers = f"{quoted(await admin.value('SELECT current_user'))}, {quoted(owner)}"
    async with admin.transaction():
        for row in await admin.rows(_FUNCTIONS):
            await admin.run(f"REVOKE EXECUTE ON FUNCTION {row['function']} FROM PUBLIC")
            await admin.run(f"GRANT EXECUTE ON FUNCTION {row['function']} TO {keepers}")
        await admin.run(f"GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) TO {quoted(login)}")


async def temporary_tables_open(connection: AdminConnection) -> bool:
    """Whether every role may make temporary tables, which no schema's rights hold back."""
    return bool(await connection.value("SELECT has_database_privilege('public', current_database(), 'TEMPORARY')"))


async def may_make_temporary_tables(connection: AdminConnection, role: str) -> bool:
    return bool(await connection.value("SELECT has_database_privilege($1::name, current_database(), 'TEMPORARY')", role))


async def close_temporary_tables_but_to(admin: AdminConnection, owner: str) -> None:
    """A materialized view that is refreshed beside its readers makes one, as the owner, whoever asked the owner's function for it.

    The database's owner may; where the admin is not, Postgres warns and changes nothing.
    """
    database = quoted(await admin.value("SELECT current_database()"))
    await admin.run(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    await admin.run(f"GRANT TEMPORARY ON DATABASE {database} TO {quoted(owner)}")
