from __future__ import annotations

import pytest

from migrations.drift.differences import Difference, differences, unbuilt
from migrations.drift.facts import Fact, Facts, Key

POSTS: Facts = {
    Key("table", "posts"): Fact(""),
    Key("column", "posts.title"): Fact("text NOT NULL", "posts"),
    Key("grant", "on table posts to __role__"): Fact("SELECT", "posts"),
    Key("grant", "on column posts.title to PUBLIC"): Fact("SELECT", "posts.title"),
    Key("index", "posts_newest_idx"): Fact("CREATE INDEX", "posts"),
}


def _without(*keys: tuple[str, str]) -> Facts:
    return {key: fact for key, fact in POSTS.items() if key not in keys}


def test_the_same_facts_do_not_differ() -> None:
    assert differences(POSTS, dict(POSTS)) == []


@pytest.mark.parametrize("key", [Key("index", "posts_newest_idx"), Key("grant", "on table posts to __role__")])
def test_a_fact_that_is_missing_or_too_many_is_named_as_such(key: Key) -> None:
    definition = POSTS[key].definition
    assert differences(POSTS, _without(key)) == [Difference(*key, definition, None)]
    assert differences(_without(key), POSTS) == [Difference(*key, None, definition)]


def test_what_belongs_to_a_missing_object_is_not_named_again() -> None:
    assert differences(POSTS, {}) == [Difference("table", "posts", "", None)]
    assert differences({}, POSTS) == [Difference("table", "posts", None, "")]
    bare = _without(("column", "posts.title"), ("grant", "on column posts.title to PUBLIC"))
    assert differences(POSTS, bare) == [Difference("column", "posts.title", "text NOT NULL", None)]


def test_only_an_index_that_is_missing_or_invalid_counts_as_still_to_be_built() -> None:
    missing = Difference("index", "a", "CREATE INDEX a", None)
    half = Difference("index", "b", "CREATE INDEX b", "CREATE INDEX b INVALID")
    other = Difference("index", "c", "CREATE INDEX c", "CREATE INDEX c DESC")
    not_asked = Difference("index", "d", "CREATE INDEX d", None)

    assert unbuilt([missing, half, other, not_asked, Difference("table", "a", "", None)], {"a", "b", "c"}) == [missing, half]


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        (Difference("column", "posts.title", "text NOT NULL", "text"), "column posts.title is text, should be text NOT NULL"),
        (Difference("table", "posts", "", None), "table posts is missing"),
        (Difference("table", "spare", None, ""), "table spare should not be there"),
        (Difference("table", "posts", "", "UNLOGGED"), "table posts is UNLOGGED, should be nothing"),
        (Difference("function", "f()", "a\nb", "a\nc"), "function f() is not what its revision makes; --json shows both"),
    ],
)
def test_a_difference_reads_as_a_sentence(difference: Difference, sentence: str) -> None:
    assert difference.sentence() == sentence
