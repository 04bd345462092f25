"""What somebody may say of the organization that they want."""

from __future__ import annotations

import pytest

from auth.sign_up.asked import Asked
from tenants.errors import ValidationFailed


def test_what_was_typed_is_tidied() -> None:
    assert Asked.read("  The \t Gazette ", " Gazette ", " Ada@Example.com ") == Asked("The Gazette", "gazette", "ada@example.com")  # type: ignore[arg-type] # a slug


def test_all_that_is_wrong_is_said_together() -> None:
    with pytest.raises(ValidationFailed) as refused:
        Asked.read("\u200b", "no good", "nobody")

    assert refused.value.fields.keys() == {"name", "slug", "email"}


@pytest.mark.parametrize(
    "email", ["ada@example", "ada@@example.com", ".ada@example.com", "a..b@example.com", "ada@-x.example", "ada@x.123", "ä@x.example"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(ValidationFailed, match="email"):
        Asked.read("Fine", "fine", email)
