"""Taking a tenant's place apart: a few objects a transaction, so that no schema is too large for Postgres's table of locks.

Every step may be repeated and goes on from what is left. Only names that `tenants.naming` derives from the id are touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn
from uuid import UUID

from tenants.database import AdminConnection, LockedOut, Place
from tenants.errors import Conflict, Refusal
from tenants.naming import checked_role, checked_schema, quoted, schema_for
from tenants.privileges import membership

BATCH = 10
LOCK_SECONDS = 2
ATTEMPTS = 15
PAUSE_SECONDS = 1.0

# All by pg_depend, whose index leads from a schema to what is in it: pg_class has none for that, and holds every tenant's tables.
_INSIDE = """
    inside AS (
      SELECT d.classid, d.objid AS oid FROM pg_depend d
      WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = to_regnamespace($1)::oid AND d.deptype = 'n'
    ), relations AS (
      SELECT c.* FROM inside i JOIN pg_class c ON c.oid = i.oid WHERE i.classid = 'pg_class'::regclass
    )
"""
# What stands elsewhere and would be lost with the schema. Rules, constraints, defaults, triggers and policies stand where their table does.
_OUTSIDE = f"""
    WITH {_INSIDE}, types AS (
      SELECT reltype AS oid FROM relations WHERE reltype <> 0 UNION SELECT oid FROM inside WHERE classid = 'pg_type'::regclass
    ), referred AS (
      SELECT classid, oid FROM inside UNION SELECT 'pg_type'::regclass, oid FROM types
      UNION SELECT 'pg_type'::regclass, t.typarray FROM types JOIN pg_type t USING (oid) WHERE t.typarray <> 0
    ), dependent AS (
      SELECT DISTINCT d.classid, d.objid FROM pg_depend d JOIN referred r ON d.refclassid = r.classid AND d.refobjid = r.oid
      WHERE d.deptype IN ('n', 'a')
    ), placed AS (
      SELECT c.relnamespace AS space, c.oid::regclass::text AS name FROM dependent d
        JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
      UNION ALL SELECT c.relnamespace, c.oid::regclass::text FROM dependent d
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class
      UNION ALL SELECT c.relnamespace, c.oid::regclass::text FROM dependent d
        JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid JOIN pg_class c ON c.oid = k.conrelid
      UNION ALL SELECT c.relnamespace, c.oid::regclass::text FROM dependent d
        JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid JOIN pg_class c ON c.oid = a.adrelid
      UNION ALL SELECT c.relnamespace, c.oid::regclass::text FROM dependent d
        JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid JOIN pg_class c ON c.oid = t.tgrelid
      UNION ALL SELECT c.relnamespace, c.oid::regclass::text FROM dependent d
        JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid JOIN pg_class c ON c.oid = p.polrelid
      UNION ALL SELECT p.pronamespace, p.oid::regprocedure::text FROM dependent d
        JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
      UNION ALL SELECT t.typnamespace, t.oid::regtype::text FROM dependent d
        JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
    )
    SELECT DISTINCT name FROM placed
    WHERE space <> to_regnamespace($1) AND space <> 'pg_toast'::regnamespace ORDER BY name
"""  # noqa: S608 - the texts are our own constants
_FOREIGN_KEYS = f"""
    WITH {_INSIDE}
    SELECT format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', k.conrelid::regclass, k.conname) AS drop
    FROM relations r JOIN pg_constraint k ON k.conrelid = r.oid
    WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY k.oid LIMIT $2
"""  # noqa: S608 - as above
_VIEWS = f"""
    WITH {_INSIDE}
    SELECT format('DROP %s IF EXISTS %s CASCADE', CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, oid::regclass) AS drop
    FROM relations WHERE relkind IN ('v', 'm') ORDER BY oid DESC LIMIT $2
"""  # noqa: S608 - as above
_TABLES = f"""
    WITH {_INSIDE}
    SELECT format('DROP %s IF EXISTS %s CASCADE', CASE relkind WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, oid::regclass) AS drop
    FROM relations WHERE relkind IN ('r', 'p', 'f') ORDER BY relkind = 'p', oid DESC LIMIT $2
"""  # noqa: S608 - as above
_SEQUENCES = f"""
    WITH {_INSIDE}
    SELECT format('DROP SEQUENCE IF EXISTS %s CASCADE', oid::regclass) AS drop FROM relations WHERE relkind = 'S' ORDER BY oid LIMIT $2
"""  # noqa: S608 - as above
_ROUTINES = f"""
    WITH {_INSIDE}
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) AS drop
    FROM inside WHERE classid = 'pg_proc'::regclass ORDER BY oid LIMIT $2
"""  # noqa: S608 - as above
_IN_ORDER = (("foreign keys", _FOREIGN_KEYS), ("views", _VIEWS), ("tables", _TABLES), ("sequences", _SEQUENCES), ("functions", _ROUTINES))
_STILL_GRANTED = (
    "SELECT EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1) "
    "AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))"
)
_HOLDERS = (
    "SELECT DISTINCT a.pid, coalesce(nullif(a.application_name, ''), a.usename::text) AS name FROM pg_locks l "
    "JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_class c ON c.oid = l.relation "
    "WHERE l.granted AND a.pid <> pg_backend_pid() AND c.relnamespace = to_regnamespace($1) ORDER BY 1"
)

Say = Callable[[str], None]


class UsedElsewhere(Refusal):
    """Something outside the schema is built on it and would be lost with it."""

    code = "USED_ELSEWHERE"


class StillInUse(Refusal):
    """Somebody works in the schema and does not stop."""

    code = "STILL_IN_USE"


def place_for(organization: UUID, schema: str, role: str) -> Place:
    """The place, if its names are those that this id has; a row that names another's is never acted upon. Raises ValueError."""
    if schema != schema_for(organization) or not role.endswith(f"_{schema}"):
        raise ValueError(f"the registry's names {schema!r} and {role!r} are not those of {organization}")
    return Place(checked_schema(schema), checked_role(role))


async def require_nothing_outside(admin: AdminConnection, place: Place) -> None:
    """Raises UsedElsewhere, naming what stands in other schemas and depends on this one."""
    outside = [row["name"] for row in await admin.rows(_OUTSIDE, place.schema)]
    if outside:
        raise UsedElsewhere(f"Other schemas hold what is built on {place.schema} and would be lost with it: {', '.join(outside)}. Drop that first.")


async def drop_schema(admin: AdminConnection, owner: str, place: Place, say: Say, *, attempts: int = ATTEMPTS) -> None:
    """Everything in it a few at a time, then itself. Raises UsedElsewhere, and StillInUse where locks are not to be had."""
    await require_nothing_outside(admin, place)
    for what, query in _IN_ORDER:
        dropped = 0
        while statements := [row["drop"] for row in await admin.rows(query, place.schema, BATCH)]:
            await _patiently(admin, owner, statements, place, attempts)
            dropped += len(statements)
        if dropped:
            say(f"{place.schema}: {dropped} {what} dropped")
    await _patiently(admin, owner, [f"DROP SCHEMA IF EXISTS {quoted(place.schema)} CASCADE"], place, attempts)


async def drop_role(admin: AdminConnection, owner: str, place: Place) -> None:
    """The role with its memberships and whatever rights were given to it by hand; the schema must be gone."""
    role = quoted(place.role)
    async with admin.transaction():
        if not await admin.value("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", place.role):
            return
        if await admin.value(_STILL_GRANTED, place.role):
            # Only who has a role's rights may drop what is its own, and only who gave a right may take it back: the owner is both.
            await admin.run(membership(admin.version, place.role, owner, inherit=True))
            await admin.run(f"SET LOCAL ROLE {quoted(owner)}")
            await admin.run(f"DROP OWNED BY {role}")
            await admin.run("RESET ROLE")
        await admin.run(f"DROP ROLE {role}")


async def _patiently(admin: AdminConnection, owner: str, statements: list[str], place: Place, attempts: int) -> None:
    """One transaction; tried again where somebody still holds a lock, and never in the way of anybody for longer than LOCK_SECONDS."""
    for attempt in range(1, attempts + 1):
        try:
            async with admin.transaction(owner):
                await admin.run(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                await admin.run_all(statements)
        except (LockedOut, Conflict):
            if attempt == attempts:
                await _in_use(admin, place)
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


async def _in_use(admin: AdminConnection, place: Place) -> NoReturn:
    holders = await admin.rows(_HOLDERS, place.schema)
    who = ", ".join(f"backend {row['pid']} ({row['name']})" for row in holders) or "nobody any more"
    raise StillInUse(f"Tables of {place.schema} stay locked by {who}: end that, then run this again; it goes on from where it stopped.")
