"""What our mails say: one subject, one paragraph, one button, and a text part that reads as well."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.users.projections import Recipient
from auth.catalogs import wording
from tenants.sentences import as_sentence, sentence
from workers.mail import Letter


@dataclass(frozen=True, slots=True)
class Button:
    words: str
    link: str


CATALOGS = Path(__file__).parent / "locales"


@cache
def _templates(*, html: bool) -> Environment:
    loader = PackageLoader("workers")
    return Environment(loader=loader, autoescape=html, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - text is no markup


def letter(id: UUID, to: Recipient, organization: str, *, subject: str, paragraph: str, button: Button, more: tuple[Button, ...] = ()) -> Letter:
    """In the recipient's language. Everything given is plain text; the HTML part escapes it.

    `to` may have no name; `more`: where else the letter leads.
    """
    words = wording(to.language, CATALOGS)
    subject, buttons = words.said(subject), tuple(Button(words.said(one.words), one.link) for one in (button, *more))
    values = {"to": to, "organization": organization, "subject": subject, "paragraph": words.said(paragraph), "buttons": buttons}
    greeting = sentence("Hello {name},", name=to.name) if to.name else as_sentence("Hello,")
    foot = sentence("{organization}, for {name}", organization=organization, name=to.name) if to.name else organization
    values |= {"language": words.language, "greeting": words.said(greeting), "foot": words.said(foot)}
    return Letter(
        id=id,
        to_name=to.name,
        to_address=to.address,
        subject=subject,
        text=_templates(html=False).get_template("letter.txt").render(values),
        html=_templates(html=True).get_template("letter.html").render(values),
    )
