from __future__ import annotations

import pytest

from tenants.errors import ValidationFailed
from tenants.naming import checked_role, checked_schema, quoted
from tenants.slugs import tenant_slug


@pytest.mark.parametrize("text", ["acme", "a1", "the-daily-news", "x" * 40])
def test_a_dns_label_is_a_slug(text: str) -> None:
    assert tenant_slug(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "A",
        "Acme",
        "1acme",
        "-a",
        "a-",
        "xn--80ak6aa92e",
        "a--b",
        "pg_x",
        "a_b",
        "a.b",
        'a"b',
        "a'b",
        "a;b",
        "a b",
        "äcme",
        "x" * 41,
        "x" * 64,
        "api",
        "www",
        "admin",
    ],
)
def test_anything_else_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        tenant_slug(text)

    assert refused.value.fields["slug"]


@pytest.mark.parametrize("name", ["public", "t_1", 't_"x', "t_" + "G" * 32, "control", "t_" + "0" * 33])
def test_only_our_own_names_pass_as_schemas_and_roles(name: str) -> None:
    with pytest.raises(ValueError, match="is no tenant"):
        checked_schema(name)
    with pytest.raises(ValueError, match="is no tenant"):
        checked_role(name)


def test_identifiers_are_quoted() -> None:
    assert quoted('a"b') == '"a""b"'
    with pytest.raises(ValueError, match="NUL"):
        quoted("a\0b")
