from __future__ import annotations

import pytest
from graphql import parse

from app.api.document_limits import DEEPEST, MOST_FIELDS, check_extent
from app.api.errors import LimitExceeded


def nested(levels: int) -> str:
    return "{ a " * levels + "}" * levels


def test_as_deep_as_allowed_is_allowed_and_one_deeper_is_not() -> None:
    check_extent(parse(nested(DEEPEST)))
    with pytest.raises(LimitExceeded):
        check_extent(parse(nested(DEEPEST + 1)))


def test_depth_goes_through_fragments() -> None:
    with pytest.raises(LimitExceeded):
        check_extent(parse("{ a { ...F } } fragment F on T " + nested(DEEPEST)))


def test_fragments_count_each_time_they_are_spread() -> None:
    fragment = "fragment F on T { " + " ".join(["a"] * (MOST_FIELDS // 2)) + " }"

    check_extent(parse("{ x { ...F } } " + fragment))
    with pytest.raises(LimitExceeded):
        check_extent(parse("{ x { ...F } y { ...F } } " + fragment))


def test_fragments_in_a_circle_end() -> None:
    check_extent(parse("{ ...A } fragment A on T { ...B } fragment B on T { ...A x }"))


def test_a_doubling_chain_of_fragments_is_measured_at_once() -> None:
    chain = " ".join(f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }}" for n in range(200))

    with pytest.raises(LimitExceeded):
        check_extent(parse("{ ...F0 } " + chain + " fragment F200 on T { a }"))


def test_introspection_is_as_deep_as_it_needs_to_be() -> None:
    check_extent(parse("{ __schema { types { fields { type " + "{ ofType " * 9 + "{ name }" + " }" * 9 + " } } } }"))
