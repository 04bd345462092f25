"""The fields that connections of every kind have: what the button says, who gets an account, which role their groups give."""

from __future__ import annotations

from typing import Any

from auth.parts import Parts
from auth.sso.connections import Connection
from auth.sso.mapping import OWNER
from tenants.errors import ValidationFailed
from tenants.registry import Tenant

TERMS = frozenset({"label", "create_people", "default_role", "group_roles"})
LONGEST_LABEL, MOST_RULES = 60, 200


def typed_terms(connection: Connection) -> dict[str, str]:
    """As the form has them."""
    return {
        "label": connection.label,
        "create_people": "yes" if connection.create_people else "",
        "default_role": connection.default_role,
        "group_roles": "\n".join(f"{group} = {role}" for group, role in connection.group_roles),
    }


async def read_terms(parts: Parts, tenant: Tenant, fields: dict[str, str]) -> dict[str, Any]:
    """As `Connection` has them. Raises ValidationFailed naming all that is wrong."""
    roles = await parts.accounts.roles(tenant)
    wrong: dict[str, str] = {}
    label = " ".join(fields.get("label", "").split())
    if not 1 <= len(label) <= LONGEST_LABEL:
        wrong["label"] = f"takes 1 to {LONGEST_LABEL} characters, as the button on the sign-in page has them"
    rules, problem = _rules(fields.get("group_roles", ""), roles)
    if problem:
        wrong["group_roles"] = problem
    if problem := _objection(fields.get("default_role", ""), roles):
        wrong["default_role"] = problem
    if wrong:
        raise ValidationFailed(wrong)
    return {
        "label": label,
        "create_people": fields.get("create_people") == "yes",
        "default_role": fields["default_role"],
        "group_roles": rules,
    }


def _rules(text: str, roles: frozenset[str]) -> tuple[tuple[tuple[str, str], ...], str | None]:
    rules = []
    for number, line in enumerate(filter(None, (line.strip() for line in text.splitlines())), 1):
        group, equals, role = (part.strip() for part in line.rpartition("="))
        if not equals or not group or not role:
            return (), f"takes lines like “Editors = editor”; line {number} is “{line[:40]}”"
        if problem := _objection(role, roles):
            return (), f"line {number}: {role[:40]} {problem}"
        rules.append((group, role))
    return tuple(rules), f"takes at most {MOST_RULES} lines" if len(rules) > MOST_RULES else None


def _objection(role: str, roles: frozenset[str]) -> str | None:
    if role == OWNER:
        return "is given by owners only, never by a provider"
    return None if role in roles else f"is no role here; there are {', '.join(sorted(roles - {OWNER}))}"
