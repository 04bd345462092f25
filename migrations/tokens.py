"""Names that a revision cannot know, and what takes their place when it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenants.naming import TENANT_SCHEMA, quoted

TENANT_ROLE = "__role__"
TENANTS_GROUP = "__tenants__"
LOGIN_ROLE = "__login__"

__all__ = ["LOGIN_ROLE", "TENANTS_GROUP", "TENANT_ROLE", "TENANT_SCHEMA", "replaced"]


def replaced(statements: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """The statements with each token replaced by its quoted name."""
    texts = list(statements)
    for token, name in names.items():
        texts = [text.replace(token, quoted(name)) for text in texts]
    return texts
