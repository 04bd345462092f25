"""The organization in the API, bound to its row."""

from __future__ import annotations

import json
from typing import Any

from app.management.past import organization_history
from app.management.rules import Rules
from app.management.tables import audit_entries, organization
from app.management.usage import EVENTS_TODAY, MEMBERS, POSTS
from app.management.values import POLICIES, SETTINGS
from app.shared.conditions import Col, Permitted
from app.shared.graph import Computed, Connection, Entity, Graph, Group, One, Only, Order, Recalled, Told, Value
from tenants.statements import Statement, statement

CONFIGURE = "organization.configure"


def _each(table: str, column: str) -> str:
    """Every value of a column once, each by one step along its index."""
    return f"""(
      WITH RECURSIVE word (it) AS (
        (SELECT {column} FROM __tenant__.{table} ORDER BY {column} LIMIT 1)
        UNION ALL SELECT (SELECT {column} FROM __tenant__.{table} WHERE {column} > it ORDER BY {column} LIMIT 1) FROM word WHERE it IS NOT NULL
      ) SELECT it FROM word WHERE it IS NOT NULL
    )"""  # noqa: S608 - our own constants


def _words(*parts: str) -> Statement:
    return statement(f"SELECT coalesce(array_agg(DISTINCT it), '{{}}') FROM ({' UNION ALL '.join(parts)}) words")  # noqa: S608 - our own constants


ACTIONS = _words(_each("domain_events", "event_type"), _each("audit_log", "operation"), _each("sign_in_events", "action"))
KINDS = _words(_each("domain_events", "aggregate_type"), _each("audit_log", "table_name"), "SELECT 'SignIn'")


def _counted(sql: str) -> Computed:
    return Computed(f"{sql}::text", ())


def _limit(name: str) -> Computed:
    """Of the organization's own row of the registry, the only one that its role may read."""
    return Computed(
        f"coalesce((SELECT o.quotas ->> '{name}' FROM control.organizations o WHERE o.id = {{row}}.id), 'null')",  # noqa: S608 - our own constants
        (organization.c.id,),
    )


def _holding(column: Col, rules: Rules) -> Computed:
    """What was chosen, over the defaults; choices lie at most two levels deep."""
    kept = f"{{row}}.{column.name}"
    groups = dict.fromkeys(path.partition(".")[0] for path in rules if "." in path)
    plain = {path: rule.default for path, rule in rules.items() if "." not in path}
    merged = "".join(
        f" || jsonb_build_object('{group}', {_literal(_defaults(rules, group))} || coalesce({kept} -> '{group}', '{{}}'))" for group in groups
    )
    return Computed(f"({_literal(plain)} || {kept}{merged})::text", (column,))


def _defaults(rules: Rules, group: str) -> dict[str, Any]:
    return {path.removeprefix(f"{group}."): rule.default for path, rule in rules.items() if path.startswith(f"{group}.")}


def _literal(value: dict[str, Any]) -> str:
    """Of our own constants."""
    return f"'{json.dumps(value)}'::jsonb"


ORGANIZATION = Entity(
    type="Organization",
    table=organization,
    fields={
        "id": Value(organization.c.id),
        "slug": Value(organization.c.slug),
        "name": Value(organization.c.name),
        "tier": Value(organization.c.tier),
        "branding": Value(organization.c.branding),
        "settings": _holding(organization.c.settings, SETTINGS),
        "policies": _holding(organization.c.policies, POLICIES),
        "usage": Group("OrganizationUsage", {"members": _counted(MEMBERS), "posts": _counted(POSTS), "eventsToday": _counted(EVENTS_TODAY)}),
        "quotas": Group(
            "OrganizationQuotas",
            {
                "members": _limit("members"),
                "posts": _limit("posts"),
                "requestsPerSecond": _limit("requests_per_second"),
                "eventsPerDay": _limit("events_per_day"),
            },
        ),
        "history": Recalled(organization_history, Permitted(CONFIGURE), CONFIGURE),
        "createdAt": Value(organization.c.created_at),
        "updatedAt": Value(organization.c.updated_at),
        "version": Value(organization.c.version),
    },
)

AUDIT_ENTRY = Entity(
    type="AuditEntry",
    table=audit_entries,
    visible=Permitted("audit.read"),
    fields={
        "id": Value(audit_entries.c.id),
        "at": Value(audit_entries.c.at),
        "actor": One("User", audit_entries.c.actor_id),
        "action": Value(audit_entries.c.action),
        "aggregateType": Value(audit_entries.c.aggregate_type),
        "aggregateId": Value(audit_entries.c.aggregate_id),
        "changes": Told(audit_entries.c.action, audit_entries.c.changes),
        "correlationId": Value(audit_entries.c.correlation_id),
        "bypassed": Value(audit_entries.c.bypassed),
        "sessionRole": Value(audit_entries.c.session_role),
        "effectiveRole": Value(audit_entries.c.effective_role),
    },
    orders={"AT_DESC": Order(audit_entries.c.at, descending=True), "AT_ASC": Order(audit_entries.c.at)},
    filters={
        "at": Value(audit_entries.c.at),
        "actorId": Value(audit_entries.c.actor_id),
        "action": Value(audit_entries.c.action, words=ACTIONS),
        "aggregateType": Value(audit_entries.c.aggregate_type, words=KINDS),
        "aggregateId": Value(audit_entries.c.aggregate_id),
        "correlationId": Value(audit_entries.c.correlation_id),
        "bypassed": Value(audit_entries.c.bypassed),
    },
    uneven=True,
)

GRAPH = Graph(entities=(ORGANIZATION, AUDIT_ENTRY), queries={"organization": Only("Organization"), "auditLog": Connection("AuditEntry")})
