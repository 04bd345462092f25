"""The text of a statement depends on declared names, rights and shape; whatever a request says travels as a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from app.api.compiler.arguments import Scope
from app.api.compiler.operations import compile_query
from app.api.compiler.plan import Plan
from app.api.compiler.selections import collect
from app.api.documents import Documents
from app.api.rights import rights_of
from app.api.schema import schema
from auth.principal import ANONYMOUS, Kind, Principal

READER = Principal(Kind.PERSON, UUID(int=1), "reader")
EDITOR = Principal(Kind.PERSON, UUID(int=2), "editor", frozenset({"content.read_drafts"}))


def plan_of(query: str, variables: Mapping[str, Any] | None = None, who: Principal = ANONYMOUS) -> Plan:
    operation = Documents(schema()).document(query, hints=False).operation(None)
    shape = operation.shape(operation.coerced(schema(), variables or {}, hints=False))
    scope = Scope(dict(shape), operation.types)
    return compile_query(schema(), collect([operation.node.selection_set], operation.fragments, scope), operation.fragments, scope, rights_of(who))


def test_aliases_and_literals_are_bound_and_never_written() -> None:
    one = plan_of('{ marker_one: posts(first: 7, where: {title: {contains: "needle one"}}) { marker_two: nodes { marker_three: title } } }')
    other = plan_of('{ a: posts(first: 8, where: {title: {contains: "x"}}) { b: nodes { c: title } } }')

    assert one.sql == other.sql
    assert one.sql is not None
    assert "marker" not in one.sql
    assert "needle" not in one.sql
    assert "needle one" in one.fixed


def test_variables_and_literals_of_one_meaning_share_nearly_all_of_their_text() -> None:
    plan = plan_of("query($s: String) { post(slug: $s) { title } }", {"s": "x"})
    literal = plan_of('{ post(slug: "y") { title } }')

    assert plan.sql == literal.sql


@pytest.mark.parametrize(("first", "second"), [({"n": 1}, {"n": 100}), ({"t": "a"}, {"t": "b' --"}), ({"ids": []}, {"ids": [str(UUID(int=1))] * 30})])
def test_scalars_are_no_part_of_the_shape(first: dict[str, Any], second: dict[str, Any]) -> None:
    query = 'query($n: Int, $t: String! = "x", $ids: [ID!]! = []) { posts(first: $n, where: {title: {eq: $t}, id: {in: $ids}}) { totalCount } }'
    operation = Documents(schema()).document(query, hints=False).operation(None)

    shapes = [operation.shape(operation.coerced(schema(), {"n": 5, **given}, hints=False)) for given in (first, second)]

    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"w": {"title": {"eq": "x"}}}, {"w": {"title": {"not": "x"}}}),
        ({"w": {"status": {"eq": "DRAFT"}}}, {"w": {"status": {"eq": "PUBLISHED"}}}),
        ({"w": {"or": []}}, {"w": {"or": [{}]}}),
        ({"o": "TITLE_ASC"}, {"o": "TITLE_DESC"}),
        ({"a": "vABC"}, {"a": "nABC"}),
        ({"a": "vABC"}, {"a": None}),
        ({"a": "vABC"}, {}),
        ({"on": True}, {"on": False}),
        ({"w": {"publishedAt": {"isNull": True}}}, {"w": {"publishedAt": {"isNull": False}}}),
    ],
)
def test_what_changes_the_text_is_part_of_the_shape(first: dict[str, Any], second: dict[str, Any]) -> None:
    query = """query($w: PostWhere, $o: PostOrder, $a: String, $on: Boolean! = true) {
      posts(where: $w, orderBy: $o, after: $a) { totalCount @include(if: $on) }
    }"""
    operation = Documents(schema()).document(query, hints=False).operation(None)

    shapes = [operation.shape(operation.coerced(schema(), given, hints=False)) for given in (first, second)]

    assert shapes[0] != shapes[1]


def test_the_row_policy_is_specialised_to_what_the_reader_may_do() -> None:
    anonymous, reader, editor = (plan_of("{ posts { nodes { id } } }", who=who).sql for who in (ANONYMOUS, READER, EDITOR))

    assert anonymous is not None
    assert reader is not None
    assert editor is not None
    assert "'PUBLISHED'" in anonymous
    assert "author_id" not in anonymous
    assert '"author_id" = $' in reader
    assert reader.count("UNION ALL") == 2
    assert "'PUBLISHED'" not in editor


def test_documents_without_denied_or_sealed_fields_have_nothing_left_to_do() -> None:
    assert plan_of("{ posts { nodes { id author { name } tags { name } } } }").finishers == ()
    assert [finisher.path for finisher in plan_of("{ a: organization { b: settings } }").finishers] == [("a", "b")]
    assert [finisher.path for finisher in plan_of("{ posts { nodes { html: contentHtml } } }").finishers] == [("posts", "nodes", "html")]


def test_where_nothing_is_read_no_statement_is_sent() -> None:
    plan = plan_of("{ __typename me { id } notifications { id } x: __typename }")

    assert plan.sql is None
    assert plan.constant == b'{"__typename":"Query","me":null,"notifications":null,"x":"Query"}'


def test_parameters_that_a_policy_made_needless_are_gone() -> None:
    plan = plan_of('{ posts(where: {or: [], title: {eq: "unused"}}) { totalCount } }')

    assert plan.sql is not None
    assert "unused" not in plan.fixed
    assert f"${len(plan.fixed)}" in plan.sql
    assert f"${len(plan.fixed) + 1}" not in plan.sql
