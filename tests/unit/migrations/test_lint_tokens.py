from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations.sql.statements import statements
from migrations.sql.tokens import Kind, Token, tokens

FRAGMENTS = st.sampled_from(
    ["'", "''", '"', "$$", "$a$", "$1", "--", "/*", "*/", "\n", ";", "E'", "\\", "U&'", "x", "Ünï", "1.5e3", "1..2", "::", "<=>", " ", ".", "(", "\0"]
)


@given(st.one_of(st.text(), st.lists(FRAGMENTS).map("".join)))
def test_tokens_lose_nothing_of_any_text(sql: str) -> None:
    found = list(tokens(sql))

    assert "".join(token.text for token in found) == sql
    assert all(token.text for token in found)


@given(st.text(alphabet=st.characters(exclude_characters="\0")))
def test_what_a_string_holds_is_never_taken_for_words(value: str) -> None:
    escaped = value.replace("'", "''")
    tag = "$q$"

    assert list(tokens(f"'{escaped}'")) == [Token(Kind.STRING, f"'{escaped}'")]
    assert next(tokens(f"'{escaped}'")).value == value
    if "$" not in value:
        assert next(tokens(f"{tag}{value}{tag}")).value == value


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (r"E'it\'s' x", [("string", r"E'it\'s'"), ("word", "x")]),
        ("$a$ $$ ; $$ $a$ y", [("string", "$a$ $$ ; $$ $a$"), ("word", "y")]),
        ("a/* /* b */ c */d", [("word", "a"), ("comment", "/* /* b */ c */"), ("word", "d")]),
        ("a--b\nc", [("word", "a"), ("comment", "--b"), ("word", "c")]),
        ('"a""b".c', [("quoted identifier", '"a""b"'), ("punctuation", "."), ("word", "c")]),
        ("x::text[]", [("word", "x"), ("operator", "::"), ("word", "text"), ("punctuation", "["), ("punctuation", "]")]),
        ("a+-- b", [("word", "a"), ("operator", "+"), ("comment", "-- b")]),
        ("a->>'b'", [("word", "a"), ("operator", "->>"), ("string", "'b'")]),
        ("$1,1.5e-3,0xFF", [("parameter", "$1"), ("punctuation", ","), ("number", "1.5e-3"), ("punctuation", ","), ("number", "0xFF")]),
        ("a$b$c", [("word", "a$b$c")]),
        ("'open", [("string", "'open")]),
    ],
)
def test_tokens_are_those_of_postgres(sql: str, expected: list[tuple[str, str]]) -> None:
    assert [(token.kind, token.text) for token in tokens(sql) if token.kind is not Kind.SPACE] == expected


def test_quoted_names_keep_their_case_and_others_are_folded() -> None:
    assert [token.name for token in tokens('"Ab""c"')] == ['Ab"c']
    assert [token.name for token in tokens("AbC")] == ["abc"]


def test_a_semicolon_in_a_string_a_comment_or_an_atomic_body_parts_no_statements() -> None:
    atomic = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END"

    assert [statement.text for statement in statements(f"SELECT ';'; /* ; */ {atomic}; ; -- ;\n")] == ["SELECT ';'", f"/* ; */ {atomic}"]
