"""Letters on their way out: by SMTP, or into a folder where a developer can read them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import url2pathname
from uuid import UUID

import aiosmtplib
import structlog

from workers import metrics
from workers.failures import Hopeless

if TYPE_CHECKING:
    from tenants.settings import TenantSettings
    from workers.settings import WorkerSettings

SECONDS = 10.0
LONGEST_SUBJECT = 150
SMTP_PORT = 587
SMTPS_PORT = 465
LOOPBACK = ("localhost", "127.0.0.1", "::1")

log = structlog.get_logger(__name__)


class MailNotSent(Exception):
    """The server did not take it. The message names no address: it is stored where addresses must not be."""


class UnusableAddress(Hopeless):
    """No mail server could take it, however often it is tried."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person: the same words as text and as HTML. `id` is the same however often it is sent."""

    id: UUID
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str


class Postman(Protocol):
    """`public_url` is where people reach the installation; every link in a letter is made from it."""

    @property
    def public_url(self) -> str: ...

    async def send(self, letter: Letter) -> None:
        """Raises MailNotSent, UnusableAddress."""


def postman(tenants: TenantSettings, workers: WorkerSettings) -> Postman:
    """Whoever the settings say carries mail."""
    sender = workers.mail_from or f"no-reply@{tenants.base_host}"
    url = urlsplit(workers.smtp_url)
    if url.scheme == "file":
        return FolderPostman(tenants.public_url, sender, Path(url2pathname(url.path)))
    if url.scheme:
        return SmtpPostman(tenants.public_url, sender, url)
    return NoPostman(tenants.public_url)


def composed(letter: Letter, sender: str) -> EmailMessage:
    """RFC 5322 and MIME: plain text with an HTML alternative, and a Message-ID that stays the same when sent again.

    Raises UnusableAddress.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Imprint", addr_spec=sender)
    message["To"] = _recipient(letter)
    message["Subject"] = _one_line(letter.subject, LONGEST_SUBJECT)
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5: no out-of-office answers
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _recipient(letter: Letter) -> Address:
    try:
        letter.to_address.encode("ascii")  # servers need not know any other (RFC 6531)
        address = Address(_one_line(letter.to_name, LONGEST_SUBJECT), addr_spec=letter.to_address)
    except (ValueError, MessageError, LookupError):  # the parser stumbles in all three ways
        raise UnusableAddress("The recipient's address is none that mail can be sent to; correct it, then retry the delivery.") from None
    return address


@dataclass(frozen=True, slots=True)
class SmtpPostman:
    """A password travels encrypted or not at all, except to this machine itself."""

    public_url: str
    sender: str
    server: SplitResult

    async def send(self, letter: Letter) -> None:
        message = composed(letter, self.sender)
        message["Date"] = _now()
        tls = self.server.scheme == "smtps"
        password = unquote(self.server.password) if self.server.password else None
        try:
            await aiosmtplib.send(
                message,
                hostname=self.server.hostname,
                port=self.server.port or (SMTPS_PORT if tls else SMTP_PORT),
                username=unquote(self.server.username) if self.server.username else None,
                password=password,
                use_tls=tls,
                start_tls=True if password and not tls and self.server.hostname not in LOOPBACK else None,
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPResponseException as error:
            metrics.MAILS.labels("refused").inc()
            raise MailNotSent(f"The mail server answered {error.code}.") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            metrics.MAILS.labels("unreachable").inc()
            raise MailNotSent(f"The mail server could not be used ({type(error).__name__}); check IMPRINT_SMTP_URL.") from None
        metrics.MAILS.labels("sent").inc()


@dataclass(frozen=True, slots=True)
class FolderPostman:
    """Development: each mail a file, named by its id, so that a repeated one replaces itself."""

    public_url: str
    sender: str
    folder: Path

    async def send(self, letter: Letter) -> None:
        message = composed(letter, self.sender)
        message["Date"] = _now()
        await asyncio.to_thread(self._write, f"{letter.id}.eml", message.as_bytes())
        metrics.MAILS.labels("sent").inc()

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self.folder / f".{name}"
        unfinished.write_bytes(content)
        unfinished.replace(self.folder / name)


@dataclass(frozen=True, slots=True)
class NoPostman:
    """No mail server is set: said in the log, once for each mail that somebody will miss."""

    public_url: str

    async def send(self, letter: Letter) -> None:
        metrics.MAILS.labels("no server").inc()
        log.warning("mail not sent: set IMPRINT_SMTP_URL", letter=str(letter.id), subject=letter.subject)


def _now() -> str:
    from email.utils import localtime  # noqa: PLC0415

    return localtime().strftime("%a, %d %b %Y %H:%M:%S %z")


def _one_line(text: str, longest: int) -> str:
    """Without line breaks and other control characters, which have no place in a header."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
