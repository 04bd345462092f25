"""A post's custom fields: JSON that text can carry, and that meets the schema its organization defined for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.shared import json_schemas
from app.shared.text import composed, objection
from tenants.events import canonical

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

LARGEST = 20_000
MOST_COMPLAINTS = 20
_LONGEST_COMPLAINT = 200
_LONGEST_TEXT = LARGEST
ROOT = "customFields"


def normalized(value: Any) -> Any:
    """NFC in texts and in keys, at every depth."""
    if isinstance(value, str):
        return composed(value)
    if isinstance(value, dict):
        return {composed(key): normalized(item) for key, item in value.items()}
    return [normalized(item) for item in value] if isinstance(value, list) else value


def differ(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether they are different JSON: 1 and true are, 1 and 1.0 are not."""
    return before is not after and (before != after or canonical(before) != canonical(after))


def objections(fields: dict[str, Any]) -> dict[str, str]:
    """What is wrong with the JSON itself, by path, as `customFields.series.name`."""
    wrong = dict(_places(fields, ROOT))
    if wrong:
        return wrong
    try:
        size = len(json.dumps(fields, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return {ROOT: "takes a JSON object"}
    return {ROOT: f"takes at most {LARGEST} characters of JSON, this has {size}"} if size > LARGEST else {}


def complaints(schema: Any, fields: dict[str, Any]) -> dict[str, str]:
    """What the organization's schema has against them, by path. Without a schema, anything goes."""
    if not schema:
        return {}
    from jsonschema_rs import ValidationError  # noqa: PLC0415 - 5 MB, for organizations with custom fields

    try:
        validator = _validator(json.dumps(schema, sort_keys=True))
    except (ValidationError, ValueError):
        return {ROOT: "cannot be checked: the organization's settings.customFields is no JSON Schema; an administrator has to mend it"}
    found: dict[str, str] = {}
    for error in validator.iter_errors(fields):
        found.setdefault(_path(error), error.message[:_LONGEST_COMPLAINT])
        if len(found) == MOST_COMPLAINTS:
            break
    return found


@lru_cache(maxsize=256)
def _validator(schema: str) -> Draft202012Validator:
    return json_schemas.validator(json.loads(schema))


def _path(error: ValidationError) -> str:
    """Where something is missing, the place where it should be."""
    from jsonschema_rs import ValidationErrorKind  # noqa: PLC0415 - as above

    steps = [ROOT, *map(str, error.instance_path)]
    if isinstance(error.kind, ValidationErrorKind.Required):
        steps.append(str(error.kind.property))
    return ".".join(steps)


def _places(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        wrong = objection(value, longest=_LONGEST_TEXT, lines=True)
        if wrong:
            yield path, wrong
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _places(item, f"{path}.{position}")
    elif isinstance(value, dict):
        for key, item in value.items():
            if objection(key, longest=_LONGEST_TEXT):
                yield path, "has a name that holds control characters; remove them"
            else:
                yield from _places(item, f"{path}.{key}")
