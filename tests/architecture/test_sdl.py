"""The schema that clients are given is the one that is served, and each of its fields has something behind it."""

from __future__ import annotations

from pathlib import Path

from graphql import GraphQLNonNull, GraphQLObjectType, build_schema

from app.api.mutations.registry import MUTATIONS
from app.api.schema import schema
from app.api.sdl import printed
from app.shared.graph import Group, One, Value

ROOT = Path(__file__).parents[2]


def test_the_committed_schema_is_what_the_code_says() -> None:
    assert (ROOT / "schema.graphql").read_text("utf-8") == printed()


def test_the_printed_schema_is_a_schema() -> None:
    assert build_schema(printed()).query_type is not None


def test_every_mutation_is_bound_and_its_payload_is_read() -> None:
    mutations = schema().object_type("Mutation").fields

    assert mutations.keys() == MUTATIONS.keys()
    for name, field in mutations.items():
        payload = schema().object_type(f"{name[0].upper()}{name[1:]}Payload")
        assert payload.fields.keys() == {*MUTATIONS[name].payload, "changed", "eventIds", *(["results"] if MUTATIONS[name].many else [])}
        assert str(field.args["input"].type) == f"{name[0].upper()}{name[1:]}Input!"


def test_what_can_be_null_in_its_row_can_be_null_in_the_api() -> None:
    bindings = schema().bindings
    groups = {b.type: b.fields for fields in bindings.fields.values() for b in fields.values() if isinstance(b, Group)}
    for type_name, fields in {**bindings.fields, **groups}.items():
        for name, binding in fields.items():
            declared = schema().object_type(type_name).fields[name].type
            if isinstance(binding, Value | One) and isinstance(declared, GraphQLNonNull):
                assert not binding.column.nullable, f"{type_name}.{name}"


def test_every_type_and_argument_follows_the_naming_rules() -> None:
    for name, type_ in schema().graphql.type_map.items():
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__"):
            assert name[0].isupper()
            assert all(field[0].islower() and "_" not in field for field in type_.fields)
