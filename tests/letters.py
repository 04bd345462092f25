"""Letters that fell into a folder instead of being sent."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Letter:
    """`text` is the plain part; `mail` all of it."""

    to: str
    text: str
    mail: EmailMessage


def letter(file: Path) -> Letter:
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    part = mail.get_body(("plain",))
    assert part is not None
    return Letter(str(mail["To"].addresses[0].addr_spec), part.get_content(), mail)


def letters_in(folder: Path) -> list[Letter]:
    """In the order of their files' names, which is that in which they were asked for."""
    return [letter(file) for file in sorted(folder.glob("*.eml"))]
