"""The fields that connections of every kind have: what the button says, who gets an account, which role their groups give."""

from __future__ import annotations

from typing import Any

from app.admin.sign_on.kinds import LONGEST_LABEL
from auth.parts import Parts
from auth.sso.connections import Connection
from auth.sso.mapping import OWNER
from tenants.errors import ValidationFailed
from tenants.registry import Tenant
from tenants.sentences import as_sentence, sentence

TERMS = frozenset({"label", "create_people", "default_role", "group_roles"})
MOST_RULES = 200


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
    label, problem = read_label(fields.get("label", ""))
    if problem:
        wrong["label"] = problem
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


def read_label(text: str) -> tuple[str, str | None]:
    """As the button has it, and what is wrong with it."""
    label = " ".join(text.split())
    right = 1 <= len(label) <= LONGEST_LABEL
    return label, None if right else sentence("takes 1 to {most} characters, as the button on the sign-in page has them", most=LONGEST_LABEL)


def _rules(text: str, roles: frozenset[str]) -> tuple[tuple[tuple[str, str], ...], str | None]:
    rules = []
    for number, line in enumerate(filter(None, (line.strip() for line in text.splitlines())), 1):
        group, equals, role = (part.strip() for part in line.rpartition("="))
        if not equals or not group or not role:
            return (), sentence("takes lines like “Editors = editor”; line {number} is “{line}”", number=number, line=line[:40])
        if problem := _objection(role, roles):
            return (), sentence("line {number}: {role} {problem}", number=number, role=role[:40], problem=problem)
        rules.append((group, role))
    return tuple(rules), sentence("takes at most {most} lines", most=MOST_RULES) if len(rules) > MOST_RULES else None


def _objection(role: str, roles: frozenset[str]) -> str | None:
    if role == OWNER:
        return as_sentence("is given by owners only, never by a provider")
    return None if role in roles else sentence("is no role here; there are {names}", names=", ".join(sorted(roles - {OWNER})))
