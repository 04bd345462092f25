from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.events import GENESIS, StoredEvent, canonical, chain_hash

ONE, TWO = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVENT = StoredEvent(ONE, "Post", ONE, 1, "PostCreated", 1, {"title": "Hi"}, {}, ONE, ONE, None, NOON)
OTHERWISE = {
    "id": TWO, "aggregate_type": "Tag", "aggregate_id": TWO, "aggregate_version": 2, "type": "PostEdited", "type_version": 2,
    "data": {"title": "Ho"}, "metadata": {"a": 1}, "user_id": None, "correlation_id": TWO, "causation_id": TWO,
    "occurred_at": NOON + timedelta(microseconds=1),
}  # fmt: skip


def test_the_hash_of_a_known_event_never_changes() -> None:
    assert chain_hash(GENESIS, EVENT).hex() == "6ee8d6baeb2cfc16303ee8edb55cf0d5273e3f7dc469fcbf815b3e082b24fe17"


def test_it_depends_on_the_event_before() -> None:
    assert chain_hash(bytes(31) + b"1", EVENT) != chain_hash(GENESIS, EVENT)


@pytest.mark.parametrize("field", OTHERWISE)
def test_it_depends_on_every_part_of_the_event(field: str) -> None:
    changed = dataclasses.replace(EVENT, **{field: OTHERWISE[field]})  # type: ignore[arg-type] # one field at a time

    assert chain_hash(GENESIS, changed) != chain_hash(GENESIS, EVENT)


def test_it_does_not_depend_on_the_zone_in_which_the_moment_is_told() -> None:
    elsewhere = EVENT.occurred_at.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+09:00").tzinfo)

    assert chain_hash(GENESIS, dataclasses.replace(EVENT, occurred_at=elsewhere)) == chain_hash(GENESIS, EVENT)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists))
def test_a_value_is_canonical_once_and_for_all(value: object) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)
