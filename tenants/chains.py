"""Every event's hash made again from what stands in its row, and compared: the proof that a history is whole and unchanged."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants.events import GENESIS
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Row

BATCH = 500
EVENTS = statement(
    """
    SELECT id, aggregate_type, aggregate_id, aggregate_version, event_type, event_version, event_data::text AS data, metadata::text AS metadata,
           user_id, correlation_id, causation_id, occurred_at, hash
    FROM __tenant__.domain_events
    WHERE (aggregate_id, aggregate_version) > (:aggregate, :version) ORDER BY aggregate_id, aggregate_version LIMIT :batch
    """
)
BEFORE_ALL = UUID(int=0)


class Walk:
    """Goes through rows of EVENTS in their order, and says of each whether it is the next of its aggregate's history, as it was stored.

    `aggregate` and `version` say where it stands, `aggregates` and `events` how far it came. After an event that does not fit it
    goes on from there, so that every break is found once.
    """

    __slots__ = ("_previous", "aggregate", "aggregates", "events", "version")

    def __init__(self) -> None:
        self.aggregate, self.version, self._previous = BEFORE_ALL, 0, GENESIS
        self.aggregates = self.events = 0

    def fits(self, row: Row, data: Any) -> bool:
        """`data`: what `settled` makes of the row's."""
        if row["aggregate_id"] != self.aggregate:
            self.aggregate, self.version, self._previous = row["aggregate_id"], 0, GENESIS
            self.aggregates += 1
        self.events += 1
        whole: bool = row["aggregate_version"] == self.version + 1 and row["hash"] == _link(self._previous, row, data)
        self.version, self._previous = row["aggregate_version"], row["hash"]
        return whole


def row_hash(previous: bytes, row: Row) -> bytes:
    """`tenants.events.chain_hash` for a row whose data and metadata are still the text of their JSON: an event takes microseconds."""
    return _link(previous, row, settled(row["data"]))


def settled(text: str) -> Any:
    """The value of jsonb's text, which has no spaces around it; whole numbers as integers, as `tenants.events.canonical` writes them."""
    return {} if text == "{}" else _decoder.raw_decode(text)[0]


def _link(previous: bytes, row: Row, data: Any) -> bytes:
    """The envelope's JSON is put together by hand: an encoder takes as long as all the rest."""
    user, causation, metadata = row["user_id"], row["causation_id"], row["metadata"]
    envelope = (
        f'["{row["id"]}",{_text(row["aggregate_type"])},"{row["aggregate_id"]}",{row["aggregate_version"]},{_text(row["event_type"])},'
        f'{row["event_version"]},{_id(user)},"{row["correlation_id"]}",{_id(causation)},'
        f'"{row["occurred_at"].isoformat(timespec="microseconds")}",'  # Postgres's driver tells moments in UTC
        f"{'{}' if metadata == '{}' else _canonical(settled(metadata))}]"
    )
    digest = hashlib.sha256(previous)
    digest.update(envelope.encode())
    digest.update(_canonical(data).encode())
    return digest.digest()


def _id(value: UUID | None) -> str:
    return "null" if value is None else f'"{value}"'


def _number(text: str) -> float | int:
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else float(text)


_decoder = json.JSONDecoder(parse_float=_number)
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_text = json.encoder.encode_basestring
