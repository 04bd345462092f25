from __future__ import annotations

import pytest

from app.api.http.negotiation import GRAPHQL, JSON, response_type, takes_body


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL),
        ("application/graphql-response+json, application/json", GRAPHQL),
        ("application/json, application/graphql-response+json;q=0.5", JSON),
        ("application/graphql-response+json;q=0.1, */*;q=0", GRAPHQL),
        ("application/json;q=0, */*", GRAPHQL),
        ("text/html", None),
        ("application/json;q=nonsense", None),
    ],
)
def test_the_answer_has_the_type_that_the_client_would_rather_have(accept: str, expected: str | None) -> None:
    assert response_type(accept) == expected


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"']
)
def test_json_in_utf8_is_taken(content_type: str) -> None:
    assert takes_body(content_type)


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/graphql"]
)
def test_nothing_else_is(content_type: str) -> None:
    assert not takes_body(content_type)
