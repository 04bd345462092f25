"""The catalogs, held against what pages and mails say at this moment."""

from __future__ import annotations

from ops.catalogs import problems


def test_every_message_has_a_translation_with_the_same_placeholders_and_none_is_stale() -> None:
    assert list(problems()) == []
