"""Writing the letters that were asked for at the installation's own address, to whomever there is something to say."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from app.users.projections import Recipient
from auth.addresses import Addresses
from auth.languages import ENGLISH, offered
from auth.realms.front import HOMES, letter_context
from auth.sign_up.sign_ups import CONFIRM, INVITED
from tenants.database import repeatable
from tenants.secrets import Undecipherable
from tenants.sentences import as_sentence, sentence
from tenants.statements import statement
from workers.letters import Button, letter
from workers.mail import MailNotSent, UnusableAddress
from workers.names import harmless

if TYPE_CHECKING:
    from auth.realms.realms import Realms
    from tenants.database import Database, Row
    from workers.mail import Postman

BATCH = 20
ATTEMPTS = 6
IMPRINT = "Imprint"

# Counted before it is written, so that a crash counts; whoever is at it has a minute before another takes it up.
CLAIM = statement(
    """
    UPDATE control.front_letters SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => 60 * power(3, attempts))
    WHERE id IN (SELECT id FROM control.front_letters WHERE next_attempt_at <= now() ORDER BY next_attempt_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, sealed, attempts
    """
)
DONE = statement("DELETE FROM control.front_letters WHERE id = :id")

log = structlog.get_logger(__name__)

Write = Callable[["FrontDesk", UUID, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FrontDesk:
    """One step takes some of what waits; several may run at once."""

    database: Database
    realms: Realms
    postman: Postman
    kinds: Mapping[str, Write] = field(default_factory=lambda: {HOMES: mail_homes, CONFIRM: mail_sign_up, INVITED: mail_sign_up_invitation})

    async def step(self) -> bool:
        claimed = await self._claim()
        for row in claimed:
            await self._see_to(row)
        return bool(claimed)

    @repeatable
    async def _claim(self) -> list[Row]:
        async with self.database.control() as connection:
            return list(await connection.fetch(CLAIM, batch=BATCH))

    async def _see_to(self, row: Row) -> None:
        try:
            about = json.loads((await self.realms.key.opened()).decrypt(row["sealed"], letter_context(row["id"])))
            await self.kinds[row["kind"]](self, row["id"], about)
        except (UnusableAddress, Undecipherable, KeyError) as error:
            log.warning("a letter is not written", letter=str(row["id"]), kind=row["kind"], reason=type(error).__name__)
        except MailNotSent as error:
            log.warning("a letter was not taken", letter=str(row["id"]), kind=row["kind"], attempt=row["attempts"], reason=str(error))
            if row["attempts"] < ATTEMPTS:
                return
        async with self.database.control() as connection:
            await connection.execute(DONE, id=row["id"])


async def mail_homes(desk: FrontDesk, id: UUID, about: Mapping[str, Any]) -> None:
    """The organizations in which this address signs in; nothing where there are none."""
    homes = await desk.realms.homes_of(about["email"])
    if not homes:
        return
    addresses = Addresses(desk.postman.public_url)
    first, *more = [
        Button(sentence("Sign in to {organization}", organization=harmless(home.name, home.slug)), f"{addresses.of_slug(home.slug)}/auth/login")
        for home in homes
    ]
    paragraph = as_sentence("Somebody, probably you, asked where you sign in with this address. If it was not you, there is nothing to do.")
    await desk.postman.send(
        letter(id, _to(about), IMPRINT, subject=as_sentence("Where you sign in"), paragraph=paragraph, button=first, more=tuple(more))
    )


async def mail_sign_up(desk: FrontDesk, id: UUID, about: Mapping[str, Any]) -> None:
    """The link that proves the address of whoever wants an organization. Whose it is nobody knows yet, so nothing that was typed is in it."""
    button = Button(as_sentence("Open an organization"), f"{desk.postman.public_url}/auth/sign-up/confirm?token={about['token']}")
    paragraph = as_sentence(
        "Somebody, probably you, wants to open an organization here with this address. Follow the link within a day to do so. "
        "If it was not you, do nothing: nothing is made."
    )
    await desk.postman.send(letter(id, _to(about), IMPRINT, subject=as_sentence("Open an organization"), paragraph=paragraph, button=button))


async def mail_sign_up_invitation(desk: FrontDesk, id: UUID, about: Mapping[str, Any]) -> None:
    """The link with which an operator lets somebody open an organization."""
    button = Button(as_sentence("Open an organization"), f"{desk.postman.public_url}/auth/sign-up?invitation={about['token']}")
    paragraph = as_sentence(
        "You are invited to open an organization here. Follow the link to give it a name. It is good for one organization, for fourteen days."
    )
    await desk.postman.send(letter(id, _to(about), IMPRINT, subject=as_sentence("Open an organization"), paragraph=paragraph, button=button))


def _to(about: Mapping[str, Any]) -> Recipient:
    """In the language in which it was asked for."""
    return Recipient("", about["email"], offered(about.get("language")) or ENGLISH)
