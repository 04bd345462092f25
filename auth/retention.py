"""Letting go of sessions, links and what is known of sign-ins that have long been over; nothing reads them but people who look into the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection

OLD = (
    statement(
        "DELETE FROM __tenant__.sessions WHERE id IN ("
        "SELECT id FROM __tenant__.sessions "
        "WHERE expires_at < now() - interval '30 days' OR revoked_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement(
        "DELETE FROM __tenant__.links WHERE hash IN (SELECT hash FROM __tenant__.links WHERE expires_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement(
        "DELETE FROM __tenant__.api_tokens WHERE id IN (SELECT id FROM __tenant__.api_tokens "
        "WHERE expires_at < now() - interval '30 days' OR revoked_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement(
        "DELETE FROM __tenant__.scim_tokens WHERE id IN (SELECT id FROM __tenant__.scim_tokens "
        "WHERE expires_at < now() - interval '30 days' OR revoked_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement(
        "DELETE FROM __tenant__.setup_links WHERE id IN (SELECT id FROM __tenant__.setup_links "
        "WHERE expires_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement(
        "DELETE FROM __tenant__.remembered_devices WHERE id IN (SELECT id FROM __tenant__.remembered_devices WHERE expires_at < now() LIMIT :rows)"
    ),
    statement("DELETE FROM __tenant__.handles WHERE hash IN (SELECT hash FROM __tenant__.handles WHERE expires_at < now() LIMIT :rows)"),
    statement(
        "DELETE FROM __tenant__.sign_in_events WHERE id IN ("
        "SELECT id FROM __tenant__.sign_in_events WHERE at < now() - interval '90 days' LIMIT :rows)"
    ),
)


async def let_go(connection: Connection, rows: int) -> int:
    """Delete, as the tenant, up to `rows` of each kind.

    Sessions, links, API and SCIM tokens and set-up links that ended 30 days ago, handles and remembered devices past their time, what is
    known of sign-ins 90 days ago. A session takes its refresh tokens along. Returns the largest of the counts: `rows` means that there may
    be more.
    """
    return max([await connection.execute(delete, rows=rows) for delete in OLD])
