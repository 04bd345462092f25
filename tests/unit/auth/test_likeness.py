"""Which names a directory takes for the same."""

from __future__ import annotations

import pytest

from auth.ldap.likeness import as_matched


@pytest.mark.parametrize(
    "spelling",
    [
        "Ren\u00e9 M\u00fcller",
        "rene\u0301 mu\u0308ller",
        "RENE  MULLER",
        " r\u00aden\u200be\tmuller",
        "\uff52\uff45\uff4e\uff45muller",
        "\U0001d42bene muller",
    ],
)
def test_spellings_that_it_does_not_tell_apart_are_one(spelling: str) -> None:
    assert as_matched(spelling) == "renemuller"


def test_names_that_it_tells_apart_are_several() -> None:
    assert len({as_matched(name) for name in ("alice", "alise", "alice1", "a-lice", "alice@acme.example")}) == 5
