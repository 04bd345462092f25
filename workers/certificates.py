"""Telling administrators, day after day, which certificates of their SAML connections end soon: once for each certificate and span of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid5

from app.users.projections import Recipient, recipient
from auth.addresses import Addresses
from auth.saml.expiry import Ending, endings
from auth.sso.connections import Connection, Connections
from auth.sso.handles import Handles
from auth.sso.trail import Happened, Trail
from migrations.serving import serves
from tenants.ids import new_id
from tenants.sentences import as_sentence, joined, sentence
from tenants.statements import statement
from workers.letters import Button, letter

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Listed, Registry, Tenant
    from workers.mail import Postman

ANY = statement("SELECT EXISTS (SELECT FROM __tenant__.connections WHERE kind = 'saml' AND enabled)")
CONFIGURING = statement(
    """
    SELECT u.id FROM __tenant__.users u JOIN __tenant__.roles r ON r.name = u.role
    WHERE u.status = 'active' AND 'sso.configure' = ANY (r.permissions || u.permissions) ORDER BY u.id
    """
)
ENDING, TOLD = "CertificateEnding", "saml_certificate_told"
REMEMBERED = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class CertificateWarnings:
    """The visit of a daily round."""

    database: Database
    registry: Registry
    postman: Postman

    async def __call__(self, listed: Listed) -> bool:
        if not serves(listed.revision):
            return False
        async with self.database.reading(listed.place) as connection:
            if not await connection.fetchval(ANY):
                return False
        tenant = await self.registry.by_slug(listed.slug)
        if tenant is not None:
            await self.warn(tenant, datetime.now(UTC))
        return False

    async def warn(self, tenant: Tenant, now: datetime) -> int:
        """How many warnings were new."""
        told = 0
        for connection in await Connections(self.database, oldest=0).enabled(tenant):
            if connection.kind == "saml":
                told += sum([await self._warn(tenant, connection, ending, now) for ending in endings(connection, now)])
        return told

    async def _warn(self, tenant: Tenant, connection: Connection, ending: Ending, now: datetime) -> bool:
        """Marked before it is mailed: whoever marks it mails it, and a mail that is lost is followed by that of the next span."""
        handles, trail = Handles(self.database), Trail(self.database)
        name = f"{connection.id}\n{ending.span.fingerprint}\n{ending.within}"
        if not await handles.first_time(tenant, TOLD, name, max(ending.span.ends, now) + REMEMBERED):
            return False
        details = {"connection": connection.name, "whose": ending.whose, "ends": ending.span.ends.isoformat(), "certificate": ending.span.fingerprint}
        await trail.tell(tenant, Happened(ENDING, connection.kind, new_id(), connection.id, details=details))
        async with self.database.reading(tenant.place) as reading:
            people = [(row["id"], await recipient(reading, tenant, row["id"])) for row in await reading.fetch(CONFIGURING)]
        for user_id, person in people:
            if person is not None:
                await self._mail(tenant, connection, ending, person, f"{name}\n{user_id}")
        return True

    async def _mail(self, tenant: Tenant, connection: Connection, ending: Ending, person: Recipient, name: str) -> None:
        await self.postman.send(
            letter(
                uuid5(connection.id, name),
                person,
                tenant.name,
                subject=_subject(connection.label, ending),
                paragraph=_paragraph(connection.label, tenant.name, ending),
                button=Button(as_sentence("Open sign-on"), f"{Addresses(self.postman.public_url).of(tenant)}/admin/sign-on/{connection.name}"),
            )
        )


def _subject(label: str, ending: Ending) -> str:
    date = ending.span.ends.date()
    if ending.within == 0:
        return sentence("Sign-in through {label}: a certificate ended on {date}", label=label, date=date)
    return sentence("Sign-in through {label}: a certificate ends on {date}", label=label, date=date)


def _paragraph(label: str, organization: str, ending: Ending) -> str:
    date = ending.span.ends.date()
    if ending.whose == "provider" and ending.within == 0:
        told = sentence("The certificate with which {label} signs ended on {date}.", label=label, date=date)
    elif ending.whose == "provider":
        told = sentence("The certificate with which {label} signs ends on {date}.", label=label, date=date)
    elif ending.within == 0:
        told = sentence("The certificate of {organization} at {label} ended on {date}.", organization=organization, label=label, date=date)
    else:
        told = sentence("The certificate of {organization} at {label} ends on {date}.", organization=organization, label=label, date=date)
    return joined(told, _mended(label, organization, ending))


def _mended(label: str, organization: str, ending: Ending) -> str:
    if ending.whose == "provider":
        return sentence(
            "After that nobody can sign in to {organization} through it. Ask whoever runs {label} for its new metadata, and connect it before.",
            organization=organization,
            label=label,
        )
    return sentence(
        "Publish the next one in our metadata, let {label} read it, and switch to it before: under Certificates in the console, or by "
        "imprint connections certificate prepare, then switch.",
        label=label,
    )
