"""What a client asks of a list (RFC 7644, 3.4.2), by address or by body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.scim.answers import Shown, shown_of
from app.scim.errors import invalid_syntax, invalid_value
from app.scim.filters import Filter, read_filter
from app.scim.schemas import SEARCH, Kind

MOST_RESULTS, USUAL_RESULTS, FARTHEST = 200, 100, 1_000_000
_NAMES = ("filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes")


@dataclass(frozen=True, slots=True)
class Query:
    """`start` counts from 1; `count` 0 asks for the total alone."""

    filter: Filter | None
    sort_by: str
    descending: bool
    start: int
    count: int
    shown: Shown


def query_of(kind: Kind, given: Mapping[str, object]) -> Query:
    """Parameters as an address has them. Raises ScimRefusal."""
    order = _text(given, "sortOrder").lower()
    if order not in {"", "ascending", "descending"}:
        raise invalid_value("sortOrder takes ascending or descending.")
    wanted = _text(given, "filter")
    return Query(
        read_filter(wanted) if wanted.strip() else None,
        _text(given, "sortBy").strip(),
        order == "descending",
        max(1, _number(given, "startIndex", 1)),
        max(0, min(MOST_RESULTS, _number(given, "count", USUAL_RESULTS))),
        shown_of(kind, _text(given, "attributes"), _text(given, "excludedAttributes")),
    )


def search_of(kind: Kind, sent: object) -> Query:
    """The body of a POST to .search (RFC 7644, 3.4.3). Raises ScimRefusal."""
    body = {str(name).lower(): value for name, value in sent.items()} if isinstance(sent, dict) else {}
    schemas = body.get("schemas")
    if not isinstance(schemas, list) or SEARCH not in schemas:
        raise invalid_syntax(f"A search takes a JSON object whose schemas hold {SEARCH}.")
    given = {name: body[name.lower()] for name in _NAMES if body.get(name.lower()) is not None}
    lists = {name: ",".join(str(one) for one in value) for name, value in given.items() if isinstance(value, list)}
    return query_of(kind, {**given, **lists})


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise invalid_value(f"{name} takes text.")
    return value


def _number(given: Mapping[str, object], name: str, usual: int) -> int:
    value = given.get(name)
    if value is None or value == "":
        return usual
    text = str(value)
    digits = text.removeprefix("-")
    if isinstance(value, bool) or not digits.isascii() or not digits.isdigit():
        raise invalid_value(f"{name} takes a whole number.")
    return max(-1, min(FARTHEST, int(text[:20])))
