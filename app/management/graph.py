"""The organization in the API, bound to its row."""

from __future__ import annotations

from app.management.tables import organization
from app.shared.graph import Entity, Graph, Only, Value

ORGANIZATION = Entity(
    type="Organization",
    table=organization,
    fields={
        "id": Value(organization.c.id),
        "slug": Value(organization.c.slug),
        "name": Value(organization.c.name),
        "tier": Value(organization.c.tier),
        "branding": Value(organization.c.branding),
        "settings": Value(organization.c.settings),
        "policies": Value(organization.c.policies),
        "createdAt": Value(organization.c.created_at),
    },
)

GRAPH = Graph(entities=(ORGANIZATION,), queries={"organization": Only("Organization")})
