"""What somebody who steals a dump of the database can read, and what not."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import PASSWORD as PASSWORD_OF_THE_DEMO
from tests.e2e.conftest import Running
from tests.e2e.leftovers import Sought, in_tables
from tests.e2e.zebulon import CLEAR, ENCRYPTED, ERASE, PASSWORD, Zebulon, asked, zebulon_at


@pytest.mark.parametrize("slug", ["acme", "globex"])
async def test_nothing_that_is_encrypted_or_hashed_can_be_read_in_a_dump(running: Running, slug: str) -> None:
    person = await zebulon_at(running, slug)
    try:
        await _is_sealed(running, slug, person)
    finally:  # whoever comes next with the same name finds nobody here
        owner = await running.token(slug, "owner")
        await asked(running, slug, owner, ERASE, id=str(person.id), confirm="zquagga")


async def _is_sealed(running: Running, slug: str, person: Zebulon) -> None:
    secret = (*ENCRYPTED, PASSWORD, PASSWORD_OF_THE_DEMO, f"author@{slug}.example", person.token, person.refresh_token)

    read = await in_tables(running, Sought(person.id, (*secret, *CLEAR)), keys=frozenset())

    assert {value for value in CLEAR if any(value in found for found in read)} == set(CLEAR)  # the search finds what is there
    assert [found for found in read if any(value in found for value in secret)] == []
