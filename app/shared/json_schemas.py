"""JSON Schemas (draft 2020-12) that organizations bring along: nothing is fetched for them, and no pattern can take long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

LONGEST = 32_000
DEEPEST = 16
HEAVIEST = 2_000
DRAFT = "https://json-schema.org/draft/2020-12/schema"
# What a pattern may be compiled into; it is matched in time linear in the text, without backtracking.
LARGEST_PATTERN = 1_000_000
_NOT_TAKEN = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor")


def validator(schema: Any) -> Draft202012Validator:
    """For a schema that `objections` has nothing against."""
    from jsonschema_rs import Draft202012Validator, RegexOptions  # noqa: PLC0415 - 5 MB, for organizations with custom fields

    return Draft202012Validator(schema, offline=True, pattern_options=RegexOptions(size_limit=LARGEST_PATTERN))


@cache
def _meta() -> Draft202012Validator:
    """What every schema of this draft has to be like."""
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - as above

    return Draft202012Validator({"$ref": DRAFT}, offline=True)


def objections(schema: Any) -> dict[str, str]:
    """What is wrong with the schema of an object, by the path of the place within it; "" is the schema itself."""
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return {"": 'takes the JSON Schema of an object, like {"type": "object", "properties": {…}}'}
    if _deeper(schema, DEEPEST):
        return {"": f"nests deeper than {DEEPEST} levels"}
    size = len(json.dumps(schema, ensure_ascii=False, separators=(",", ":")))
    if size > LONGEST:
        return {"": f"takes at most {LONGEST} characters as JSON, this has {size}"}
    wrong = {".".join(map(str, error.instance_path)): error.message[:200] for error in _meta().iter_errors(schema)}
    return wrong or dict(_foreign(schema, "")) or _uncompiled(schema) or _too_heavy(schema)


def _foreign(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Whatever leads out of the schema, or makes it another draft's."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _foreign(item, f"{path}.{position}".lstrip("."))
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        here = f"{path}.{key}".lstrip(".")
        if key == "$ref" and isinstance(item, str) and not item.startswith("#/"):
            yield here, "may only refer to a place within this schema, like #/$defs/name"
        elif key == "$schema" and item != DRAFT:
            yield here, f"takes {DRAFT}, or is left out"
        elif key in _NOT_TAKEN and isinstance(item, str):
            yield here, "is not taken: leave it out"
        else:
            yield from _foreign(item, here)


def _uncompiled(schema: Any) -> dict[str, str]:
    from jsonschema_rs import ValidationError  # noqa: PLC0415 - as above

    try:
        validator(schema)
    except ValidationError as error:
        return {".".join(map(str, error.instance_path)): error.message[:200]}
    return {}


def _too_heavy(schema: Any) -> dict[str, str]:
    """References that multiply could keep a server busy for as long as their author likes."""
    try:
        weight = _weight(schema, schema, {}, ())
    except RecursionError:
        return {"": "refers to itself in a circle; say how deep it goes instead"}
    except (LookupError, TypeError, ValueError):
        return {"": "refers to a place that is not there"}
    return (
        {"": f"is too much to check: with its references followed it has {weight} parts, at most {HEAVIEST} are taken"} if weight > HEAVIEST else {}
    )


def _weight(value: Any, root: Any, known: dict[str, int], within: tuple[str, ...]) -> int:
    """How many parts there are with every reference followed. Raises RecursionError for a circle."""
    if isinstance(value, list):
        return sum(_weight(item, root, known, within) for item in value)
    if not isinstance(value, dict):
        return 0
    reference = value.get("$ref")
    weight = 1 + sum(_weight(item, root, known, within) for key, item in value.items() if key != "$ref")
    if isinstance(reference, str):
        if reference in within:
            raise RecursionError
        if reference not in known:
            known[reference] = _weight(_at(root, reference), root, known, (*within, reference))
        weight += known[reference]
    return weight


def _at(root: Any, reference: str) -> Any:
    """The place that a reference (RFC 6901, as a fragment) leads to; it was found to exist."""
    for step in unquote(reference).removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        root = root[int(name)] if isinstance(root, list) else root[name]
    return root


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(_deeper(item, levels - 1) for item in (value.values() if isinstance(value, dict) else value))
