"""Operators' secrets under the installation's first key, when that has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth.operators.accounts import secret_context
from tenants.database import repeatable
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.secrets import Keyring

ALL = statement("SELECT id, email, secret FROM control.operators ORDER BY id")
REWRAP = statement("UPDATE control.operators SET secret = :secret WHERE id = :id AND secret = :was")


async def outdated(database: Database, keyring: Keyring) -> list[str]:
    """The operators, by address, whose secrets are not under the first key. Raises Undecipherable."""
    async with database.control() as connection:
        rows = await connection.fetch(ALL)
    return [row["email"] for row in rows if keyring.resealed(row["secret"], secret_context(row["id"]))]


@repeatable
async def rewrap(database: Database, keyring: Keyring) -> int:
    """Returns how many were not under it. Raises Undecipherable."""
    changed = 0
    async with database.writing(None) as connection:
        for row in await connection.fetch(ALL):
            secret = keyring.resealed(row["secret"], secret_context(row["id"]))
            if secret is not None:
                changed += await connection.execute(REWRAP, id=row["id"], secret=secret, was=row["secret"])
    return changed
