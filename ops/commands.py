"""The commands that exist: name, module that holds `command`, one line."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "dev": ("ops.cli.dev", "Run everything on this machine: Postgres, Redis, server, worker, demo."),
    "serve": ("ops.cli.serve", "Serve HTTP."),
    "worker": ("ops.cli.worker", "Deliver events to their reactions, run timers, send mail."),
    "migrate": ("ops.cli.migrate", "Bring schemas to this release's revision, and say where they stand."),
    "tenants": ("ops.cli.tenants", "Make, list and show organizations."),
    "users": ("ops.cli.users", "Create people, reset passwords, unlock sign-in, grant roles and rights."),
    "connections": ("ops.cli.connections", "Connect identity providers to organizations: SAML, OIDC, OAuth2, LDAP."),
    "clients": ("ops.cli.clients", "Register front ends and services that get tokens."),
    "operators": ("ops.cli.operators", "Let people read the operators' console, and take that away."),
    "demo": ("ops.cli.demo", "Load two organizations with people and posts."),
    "schema": ("ops.cli.schema", "Print the GraphQL schema."),
    "events": ("ops.cli.events", "Prove what happened in organizations, watch it, make projections of it again."),
    "deliveries": ("ops.cli.deliveries", "Show which events still have to reach which handlers; try failed ones again."),
    "keys": ("ops.cli.keys", "List, rotate and retire the keys that sign access tokens."),
    "secrets": ("ops.cli.secrets", "Encrypt under new keys what is under old ones, while the system is used."),
    "bench": ("ops.cli.bench", "Measure this release on a stack of its own."),
    "doctor": ("ops.cli.doctor", "Check configuration and servers; say how to mend each."),
}
