"""Reactions that do what the product's own never should, for processes that are killed, stopped and poisoned."""

from __future__ import annotations

import asyncio
import os
import signal
from uuid import UUID

from app.content.projections import count_publication
from app.users.projections import Recipient
from tenants.ids import new_id
from tenants.statements import statement
from workers.letters import Button, letter
from workers.reactions.registry import CallingOut, Firing, Reacting, calls_out_on, fires, reacts_to

SLOW_SECONDS = 1.0
REMEMBER = statement(
    "INSERT INTO __tenant__.notifications (id, user_id, kind, event_id, subject_id) "
    "SELECT :id, u.id, 'timer', e.id, :subject FROM __tenant__.users u, __tenant__.domain_events e LIMIT 1"
)


@reacts_to("QuickTested", "SlowTested", name="test.count")
async def count(reacting: Reacting) -> None:
    await count_publication(reacting.transaction, UUID(reacting.event.data["author_id"]), 1)
    if reacting.event.type == "SlowTested":
        await asyncio.sleep(SLOW_SECONDS)


@reacts_to("KillerTested", name="test.kill")
async def kill(_reacting: Reacting) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@reacts_to("FailingTested", name="test.fail")
async def fail(reacting: Reacting) -> None:
    await count_publication(reacting.transaction, UUID(reacting.event.data["author_id"]), 1)
    raise ValueError("no luck\nand a second line that nobody may store")


@calls_out_on("UnwritableTested", name="test.write")
async def write(calling: CallingOut) -> None:
    button = Button("Open", calling.postman.public_url)
    to = Recipient("Jürgen", "jürgen@acme.example")
    await calling.postman.send(letter(calling.delivery_id, to, "Acme", subject="Hello", paragraph="Read this.", button=button))


@fires("test.remember")
async def remember(firing: Firing) -> None:
    await firing.transaction.connection.execute(REMEMBER, id=new_id(), subject=firing.subject_id)


def prepare(_role: str) -> None:
    """Named to a worker process so that it knows these reactions."""
