"""What our mails say: one subject, one paragraph, one button, and a text part that reads as well."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.users.projections import Recipient
from workers.mail import Letter


@dataclass(frozen=True, slots=True)
class Button:
    words: str
    link: str


@cache
def _templates(*, html: bool) -> Environment:
    loader = PackageLoader("workers")
    return Environment(loader=loader, autoescape=html, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - text is no markup


def letter(id: UUID, to: Recipient, organization: str, *, subject: str, paragraph: str, button: Button, more: tuple[Button, ...] = ()) -> Letter:
    """Everything given is plain text; the HTML part escapes it. `to` may have no name; `more`: where else the letter leads."""
    values = {"to": to, "organization": organization, "subject": subject, "paragraph": paragraph, "buttons": (button, *more)}
    return Letter(
        id=id,
        to_name=to.name,
        to_address=to.address,
        subject=subject,
        text=_templates(html=False).get_template("letter.txt").render(values),
        html=_templates(html=True).get_template("letter.html").render(values),
    )
