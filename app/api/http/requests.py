"""Reading GraphQL requests from bodies and query strings, strictly: what cannot be meant is refused, never ignored."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from app.api.engine import Asked
from app.api.http.refusals import Batched, Malformed, TooLarge

LARGEST_BODY = 2_000_000
DEEPEST = 40
_KEYS = frozenset({"query", "operationName", "variables", "extensions"})


def from_body(body: bytes, *, idempotency_key: str | None = None) -> Asked:
    """A POST's body, and what its head says beside it. Raises Malformed, Batched or TooLarge."""
    value = _json(body, "body")
    if isinstance(value, list):
        raise Batched("Send one operation a request; batches are not taken.")
    if not isinstance(value, dict):
        raise Malformed({"body": "takes a JSON object with the key query"})
    return _asked(value, idempotency_key)


def from_query_string(query: bytes) -> Asked:
    """A GET's parameters. Raises Malformed."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=bool(query), max_num_fields=16, errors="strict")
    except ValueError:
        raise Malformed({"query string": "is not well-formed"}) from None
    given: dict[str, Any] = dict(pairs)
    if len(given) != len(pairs):
        raise Malformed({"query string": "names a parameter twice"})
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _json(given[name].encode(), name)
        else:
            given.pop(name, None)
    wrong = next(_unfit(given, ""), None)
    if wrong:
        raise Malformed({wrong: "holds characters that text cannot have (NUL or half a surrogate pair)"})
    return _asked(given)


def check_length(length: int) -> None:
    """Raises TooLarge."""
    if length > LARGEST_BODY:
        raise TooLarge(f"A request may have at most {LARGEST_BODY:,} bytes; send less at once.")


def _asked(given: Mapping[str, Any], idempotency_key: str | None = None) -> Asked:
    unknown = given.keys() - _KEYS
    if unknown:
        raise Malformed({min(unknown): "is not part of a GraphQL request; leave it out"})
    query, name, variables = given.get("query"), given.get("operationName"), given.get("variables")
    if not isinstance(query, str) or not query.strip():
        raise Malformed({"query": "takes the text of a GraphQL document"})
    if name is not None and not isinstance(name, str):
        raise Malformed({"operationName": "takes a name, or nothing"})
    if variables is not None and not isinstance(variables, dict):
        raise Malformed({"variables": "takes an object, or nothing"})
    if not isinstance(given.get("extensions"), dict | None):
        raise Malformed({"extensions": "takes an object, or nothing"})
    return Asked(query, name or None, variables or {}, idempotency_key)


def _json(body: bytes, where: str) -> Any:
    try:
        text = body.decode()
        value = _decoder.decode(text)
    except UnicodeDecodeError:
        raise Malformed({where: "is not UTF-8"}) from None
    except RecursionError:
        raise Malformed({where: f"nests deeper than {DEEPEST} levels"}) from None
    except ValueError as error:
        raise Malformed({where: f"is not JSON: {error}"}) from None
    if text.count("{") + text.count("[") > DEEPEST and _deeper(value, DEEPEST):
        raise Malformed({where: f"nests deeper than {DEEPEST} levels"})
    if "\\u" in text:
        wrong = next(_unfit(value, ""), None)
        if wrong:
            raise Malformed({wrong: "holds characters that text cannot have (NUL or half a surrogate pair)"})
    return value


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _no_number(text)
    return number


def _integer(text: str) -> int:
    _number(text)
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is beyond every number")


def _deeper(value: Any, levels: int) -> bool:
    """Whether anything lies deeper; goes no further down than that."""
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(_deeper(item, levels - 1) for item in (value.values() if isinstance(value, dict) else value))


def _unfit(value: Any, path: str) -> Iterator[str]:
    """Paths of strings that UTF-8 or Postgres's text cannot hold."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            here = f"{path}.{key}" if path else key
            if any(_unfit(key, "key")):
                yield path or "body"
            yield from _unfit(item, here)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _unfit(item, f"{path}.{position}")


_decoder = json.JSONDecoder(parse_float=_number, parse_int=_integer, parse_constant=_no_number)
