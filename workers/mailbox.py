"""The development mailbox at `/dev/mail`: what was sent, to be read without a mail server. Never part of production."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname
from uuid import UUID

from jinja2 import Environment
from litestar import Litestar, MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from auth.http.pages import page_environment, page_headers

SHOWN = 200
TEMPLATES = Path(__file__).parent / "templates"
PAGE_POLICY = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-top-navigation-by-user-activation"


@dataclass(frozen=True, slots=True)
class Mail:
    """One sent mail, as its reader gets it. `number` names it in addresses."""

    number: UUID
    to: str
    sender: str
    subject: str
    sent_at: datetime
    text: str
    html: str


class Mailbox:
    """The folder that `workers.mail.FolderPostman` fills."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def at(cls, url: str) -> Mailbox:
        """`url`: the file URL in IMPRINT_SMTP_URL."""
        return cls(Path(url2pathname(urlsplit(url).path)))

    def newest(self) -> tuple[list[Mail], int]:
        """The latest SHOWN mails, and how many there are. Ids rise with time, so that names give the order."""
        paths = sorted(self._folder.glob("[0-9a-f]*.eml"), reverse=True) if self._folder.is_dir() else []
        return [mail for path in paths[:SHOWN] if (mail := _read(path))], len(paths)

    def one(self, number: UUID) -> Mail | None:
        return _read(self._folder / f"{number}.eml")


def mailbox_handlers(url: str) -> list[HTTPRouteHandler]:
    """Handlers for `/dev/mail`, one mail, its HTML part and the page's stylesheet."""
    mailbox = Mailbox.at(url)

    @get("/dev/mail", media_type=MediaType.HTML)
    async def show_all() -> Response[str]:
        mails, total = await asyncio.to_thread(mailbox.newest)
        return _page("mailbox.html", {"mails": mails, "total": total})

    @get("/dev/mail/{number:uuid}", media_type=MediaType.HTML)
    async def show_one(number: FromPath[UUID]) -> Response[str]:
        mail = await asyncio.to_thread(mailbox.one, number)
        return _page("mailbox_mail.html", {"mail": mail}, HTTPStatus.OK if mail else HTTPStatus.NOT_FOUND)

    @get("/dev/mail/{number:uuid}/html", media_type=MediaType.HTML)
    async def show_html(number: FromPath[UUID]) -> Response[str]:
        mail = await asyncio.to_thread(mailbox.one, number)
        status = HTTPStatus.OK if mail else HTTPStatus.NOT_FOUND
        return Response(mail.html if mail else "", status_code=status, media_type=MediaType.HTML, headers={"content-security-policy": MAIL_POLICY})

    @get("/dev/mail/style.css", media_type="text/css")
    async def style() -> Response[str]:
        return Response(_templates().get_template("mailbox.css").render(), media_type="text/css")

    return [show_all, show_one, show_html, style]


def mailbox_app(url: str) -> Litestar:
    """The same as an application of its own, for whoever serves it by prefix."""
    return Litestar(mailbox_handlers(url), openapi_config=None)


def _page(template: str, values: dict[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response[str]:
    body = _templates().get_template(template).render(values)
    return Response(body, status_code=status, media_type=MediaType.HTML, headers=page_headers(PAGE_POLICY))


@cache
def _templates() -> Environment:
    return page_environment(TEMPLATES)


def _read(path: Path) -> Mail | None:
    """None where there is no such mail, or no mail in the file."""
    try:
        number, message = UUID(path.stem), message_from_bytes(path.read_bytes(), policy=default)
    except (OSError, ValueError):
        return None
    date = message["Date"].datetime if message["Date"] else datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Mail(
        number=number,
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        sent_at=date.astimezone(UTC),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body else ""
