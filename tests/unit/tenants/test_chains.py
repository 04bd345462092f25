from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tenants.chains import row_hash
from tenants.database import Row
from tenants.events import GENESIS, StoredEvent, chain_hash

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1e16, -0.0, 1.50, 1e300, 5e-324, 10**40])
VALUES = st.recursive(st.none() | st.booleans() | NUMBERS | st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner))
DATA = st.dictionaries(st.text(), VALUES, max_size=5)


def as_jsonb_shows_it(value: Any) -> str:
    """jsonb keeps a number's value and its scale, writes no exponents, and knows no minus zero."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {as_jsonb_shows_it(item)}" for key, item in reversed(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_jsonb_shows_it, value)) + "]"
    number = Decimal(repr(value))
    return f"{abs(number) if number == 0 else number:f}"


@given(DATA, DATA, st.uuids(), st.none() | st.uuids(), st.datetimes(timezones=st.just(UTC)), st.text(), st.integers(1, 2**31 - 1))
def test_a_row_has_the_hash_that_its_event_was_given(
    data: dict[str, Any], metadata: dict[str, Any], id: UUID, other: UUID | None, moment: datetime, type: str, version: int
) -> None:
    event = StoredEvent(id, type, id, version, type, 1, data, metadata, other, id, other, moment)
    row = {
        "id": id, "aggregate_type": type, "aggregate_id": id, "aggregate_version": version, "event_type": type, "event_version": 1,
        "data": as_jsonb_shows_it(data), "metadata": as_jsonb_shows_it(metadata), "user_id": other, "correlation_id": id, "causation_id": other,
        "occurred_at": moment,
    }  # fmt: skip

    assert row_hash(GENESIS, cast("Row", row)) == chain_hash(GENESIS, event)
