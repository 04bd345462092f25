"""Grants whose wording differs between Postgres 15 and later, or that only some admins may give."""

from __future__ import annotations

from tenants.database import AdminConnection
from tenants.naming import quoted

MEMBERSHIP_OPTIONS_SINCE = 16


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


async def revoke_set_config(admin: AdminConnection) -> bool:
    """Take set_config from everybody but the admin where the admin may; `doctor` says where it could not."""
    if not await admin.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        return False
    await admin.run("REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC")
    return True
