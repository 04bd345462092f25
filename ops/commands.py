"""The commands that exist: name, module that holds `command`, one line."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "dev": ("ops.cli.dev", "Run everything on this machine: Postgres, Redis, server, worker, demo."),
    "serve": ("ops.cli.serve", "Serve HTTP."),
    "worker": ("ops.cli.worker", "Deliver events to their reactions, run timers, send mail."),
    "migrate": ("ops.cli.migrate", "Bring schemas to this release's revision, and say where they stand."),
    "tenants": ("ops.cli.tenants", "Make, list and show organizations."),
    "demo": ("ops.cli.demo", "Load two organizations with people and posts."),
    "schema": ("ops.cli.schema", "Print the GraphQL schema."),
    "deliveries": ("ops.cli.deliveries", "Show which events still have to reach which handlers; try failed ones again."),
    "keys": ("ops.cli.keys", "List, rotate and retire the keys that sign access tokens."),
    "bench": ("ops.cli.bench", "Measure this release on a stack of its own."),
    "doctor": ("ops.cli.doctor", "Check configuration and servers; say how to mend each."),
}
