"""A break-glass owner came in past the provider: every owner gets a letter, that one too."""

from __future__ import annotations

from uuid import UUID, uuid5

from app.users.letters import reached
from auth.addresses import Addresses
from auth.enforced import USED_TIMER
from tenants.sentences import as_sentence, sentence
from tenants.statements import statement
from workers.letters import Button, letter
from workers.reactions.registry import FiringOut, fires_out

OWNERS = statement("SELECT id FROM __tenant__.users WHERE status = 'active' AND role = 'owner' ORDER BY id")
NAME = statement("SELECT name FROM __tenant__.users WHERE id = :id")


@fires_out(USED_TIMER)
async def mail_owners(firing: FiringOut) -> None:
    """Sent again after a crash, each letter is the same one."""
    tenant, trace = firing.tenant, str(firing.data["trace"])
    async with firing.database.reading(tenant.place) as connection:
        name = await connection.fetchval(NAME, id=UUID(firing.data["user_id"])) or "?"
        owners = [(row["id"], await reached(connection, tenant, row["id"])) for row in await connection.fetch(OWNERS)]
    for id, owner in owners:
        if owner is None:
            continue
        paragraph = sentence(
            "{name} signed in to {organization} as a break-glass owner, past the provider through which everybody else comes. "
            "If that was not meant to be, end their sessions and name another. In the audit log it is {trace}.",
            name=name,
            organization=tenant.name,
            trace=trace,
        )
        await firing.postman.send(
            letter(
                uuid5(firing.delivery_id, str(id)),
                owner,
                tenant.name,
                subject=sentence("Break-glass sign-in at {organization}", organization=tenant.name),
                paragraph=paragraph,
                button=Button(as_sentence("Open sign-on"), f"{Addresses(firing.postman.public_url).of(tenant)}/admin/sign-on"),
            )
        )
