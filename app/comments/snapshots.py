"""What the rows of comments must hold. Where a guest's key is gone, nothing of them may be left in clear or sealed."""

from __future__ import annotations

from dataclasses import dataclass

from app.comments import store
from app.comments.comments import Comment
from app.comments.sealing import name_of
from app.shared.snapshots import snapshots
from tenants.database import Row
from tenants.secrets import TenantKey


@dataclass(frozen=True, slots=True)
class Shown:
    comment: Comment
    guest_name: str | None
    guest_email: bytes | None
    guest_is_found: bool


def _of_row(row: Row) -> Shown:
    return Shown(store.from_row(row), row["guest_name"], row["guest_email"], row["guest_email_index"] is not None)


def _of_fold(comment: Comment, row: Row, key: TenantKey) -> Shown:
    guest, wrapped = comment.guest, row["guest_key"]
    if guest is None or wrapped is None:
        return Shown(comment, None, None, guest_is_found=False)
    return Shown(comment, name_of(key, comment.id, wrapped, guest), guest.email, guest_is_found=True)


snapshots(Comment, "comments", rows=store.LOAD_MANY, of_row=_of_row, of_fold=_of_fold)
