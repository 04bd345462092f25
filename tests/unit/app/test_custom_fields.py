"""Custom fields against an organization's schema."""

from __future__ import annotations

import pytest

from app.content.custom_fields import LARGEST, MOST_COMPLAINTS, complaints, normalized, objections
from app.content.values import Manuscript
from tenants.errors import ValidationFailed


def test_every_place_that_breaks_the_schema_is_named_by_its_path() -> None:
    schema = {
        "type": "object",
        "properties": {"series": {"type": "object", "properties": {"part": {"type": "integer", "minimum": 1}}, "required": ["name"]}},
        "required": ["kind"],
    }

    assert complaints(schema, {"series": {"part": 0}}).keys() == {"customFields.kind", "customFields.series.part", "customFields.series.name"}
    assert complaints(schema, {"series": {"part": 1, "name": "x"}, "kind": "essay"}) == {}


@pytest.mark.parametrize("schema", [None, {}])
def test_without_a_schema_anything_goes(schema: object) -> None:
    assert complaints(schema, {"any": ["thing"]}) == {}


def test_what_is_no_schema_is_said_and_nothing_passes() -> None:
    assert "administrator" in complaints({"type": "no such type"}, {})["customFields"]


def test_nothing_is_fetched_for_a_schema() -> None:
    assert "administrator" in complaints({"$ref": "http://127.0.0.1:9/schema.json"}, {"a": 1})["customFields"]


def test_a_pattern_that_backtracks_elsewhere_is_matched_at_once() -> None:
    schema = {"properties": {"word": {"pattern": "^(a+)+$"}}}

    assert complaints(schema, {"word": "a" * 5_000 + "!"}).keys() == {"customFields.word"}


def test_complaints_are_few_enough_to_read() -> None:
    schema = {"additionalProperties": {"type": "integer"}}

    assert len(complaints(schema, {f"f{number}": "x" for number in range(100)})) == MOST_COMPLAINTS


def test_texts_and_names_are_brought_to_nfc_at_every_depth() -> None:
    assert normalized({"e\u0301": [{"o\u0308": "u\u0308 "}, 1, None, True]}) == {"é": [{"ö": "ü "}, 1, None, True]}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"a": {"b": ["ok", "nul\u0000"]}}, "customFields.a.b.1"),
        ({"a": {"k\u0000": 1}}, "customFields.a"),
        ({"a": "\ud800"}, "customFields.a"),
        ({"k\udfff": 1}, "customFields"),
        ({"a": "x" * LARGEST}, "customFields"),
        ({"a": float("nan")}, "customFields"),
    ],
)
def test_what_text_cannot_carry_is_refused_wherever_it_stands(fields: dict[str, object], place: str) -> None:
    assert objections(fields).keys() == {place}
    with pytest.raises(ValidationFailed) as refused:
        Manuscript.checked(title="t", slug="t", content="t", custom_fields=fields)
    assert refused.value.fields.keys() == {place}
