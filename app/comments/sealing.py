"""Who guests are, under a key of each comment's own: it goes with the comment, or when somebody asks to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.comments.events import SealedGuest
from app.comments.values import Guest
from tenants.secrets import TenantKey, Undecipherable, new_key

NAME, EMAIL = "name", "email"
EMAIL_PURPOSE = "guest-email"  # names the blind index
UNREADABLE = "(sealed under another key)"


@dataclass(frozen=True, slots=True)
class Signature:
    """What a comment's row holds of its guest: the name in clear, the address sealed, the key wrapped."""

    key: bytes
    name: str
    email: bytes
    email_index: bytes


def signed(tenant: TenantKey, comment_id: UUID, guest: Guest) -> tuple[Signature, SealedGuest]:
    """For the row, and for the event."""
    wrapped = tenant.wrap_person_key(comment_id, new_key())
    email = tenant.seal_personal(comment_id, wrapped, EMAIL, guest.email)
    signature = Signature(wrapped, guest.name, email, tenant.blind_index(EMAIL_PURPOSE, guest.email))
    return signature, SealedGuest(tenant.seal_personal(comment_id, wrapped, NAME, guest.name), email)


def name_of(tenant: TenantKey, comment_id: UUID, wrapped: bytes, sealed: SealedGuest) -> str:
    """As the event has it; the address must open as well."""
    try:
        tenant.open_personal(comment_id, wrapped, EMAIL, sealed.email)
        return tenant.open_personal(comment_id, wrapped, NAME, sealed.name)
    except Undecipherable:
        return UNREADABLE
