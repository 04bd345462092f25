from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

import pytest

from app.api.cursors import CursorKey, Position, cursor_key, read_cursor
from tenants.errors import ValidationFailed

KEY = cursor_key(b"k" * 32)
ID = UUID(int=7)


def written(text: str, letter: str = "v", key: CursorKey = KEY) -> str:
    raw = key.mac(letter.encode() + text.encode()) + text.encode()
    return letter + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_the_key_blocks_make_an_hmac() -> None:
    secret = hmac.digest(b"k" * 32, b"cursors", hashlib.sha256)

    assert KEY.mac(b"some text") == hmac.digest(secret, b"some text", hashlib.sha256)[:16]


def test_a_cursor_says_where_a_row_stands() -> None:
    assert read_cursor(written(f"Post.TITLE_ASC|{ID}|a|b"), "Post.TITLE_ASC", KEY, "posts.after") == Position(ID, "a|b")
    assert read_cursor(written(f"Post.TITLE_ASC|{ID}|", "n"), "Post.TITLE_ASC", KEY, "posts.after") == Position(ID, None)


@pytest.mark.parametrize(
    "cursor",
    [
        written(f"Post.TITLE_DESC|{ID}|a"),
        written(f"Post.TITLE_ASC|{ID}|a", key=cursor_key(b"x" * 32)),
        "n" + written(f"Post.TITLE_ASC|{ID}|a")[1:],
        written(f"Post.TITLE_ASC|{ID}|a") + "=",
        written(f"Post.TITLE_ASC|{ID}|a") + "\n",
        "",
    ],
)
def test_any_other_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        read_cursor(cursor, "Post.TITLE_ASC", KEY, "posts.after")

    assert refusal.value.fields.keys() == {"posts.after"}


def test_a_cursor_written_before_the_organizations_key_was_renewed_is_read_as_long_as_the_old_key_is_there() -> None:
    cursor = written(f"Post.TITLE_ASC|{ID}|a")

    assert read_cursor(cursor, "Post.TITLE_ASC", cursor_key(b"n" * 32, b"k" * 32), "after") == Position(ID, "a")
    with pytest.raises(ValidationFailed):
        read_cursor(cursor, "Post.TITLE_ASC", cursor_key(b"n" * 32), "after")
