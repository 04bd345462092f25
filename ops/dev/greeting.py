"""What a newcomer sees when everything runs: where to go, as whom, and a request that works."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping

from ops import env_file
from ops.stack.addresses import LOOPBACK
from ops.stack.binaries import Binaries
from ops.stack.folder import Folder

TENANTS = {"acme": "Acme Press", "globex": "Globex Journal"}
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - addresses to listen on, none to go to
PEOPLE = ("owner", "admin", "editor", "author", "moderator", "reader")
PASSWORD = "imprint-demo-1"  # noqa: S105 - the contract's, for development alone


def where_metrics_are(environment: Mapping[str, str]) -> str:
    """An address for a browser, or where a token is asked for, a command that sends it."""
    host = environment.get("IMPRINT_OPERATORS_HOST") or LOOPBACK
    if host in EVERYWHERE:
        host = LOOPBACK
    address = f"http://{f'[{host}]' if ':' in host else host}:{environment['IMPRINT_OPERATORS_PORT']}/metrics"
    token = environment.get("IMPRINT_OPERATORS_TOKEN")
    return f"curl -H {shlex.quote(f'Authorization: Bearer {token}')} {address}" if token else address


def greeting(port: int, metrics: str, folder: Folder, binaries: Binaries | None, *, demo: bool) -> str:
    """`metrics`: the address, or a command that works."""
    psql = shutil.which("psql") or (str(binaries.postgres("psql")) if binaries else "psql")
    query = """-H 'Content-Type: application/json' -d '{"query": "{ posts(first: 3) { nodes { title } } }"}'"""
    lines = ["", "Imprint is running. Ctrl-C stops everything.", ""]
    lines += [
        f"  {name:<14} http://{slug}.localhost:{port}/auth/login   GraphiQL http://{slug}.localhost:{port}/graphql" for slug, name in TENANTS.items()
    ]
    if demo:
        lines += ["", f"  sign in   as {', '.join(PEOPLE)} (each @acme.example or @globex.example) with {PASSWORD}"]
    lines += [
        "",
        f"  mail      http://localhost:{port}/dev/mail",
        f"  metrics   {metrics}",
        f"  psql      . {folder.path / env_file.NAME} && {psql}",
        f"  logs      {folder.logs}",
        "",
        f"  curl http://acme.localhost:{port}/graphql {query}",
        "  where *.localhost does not resolve:",
        f"  curl http://127.0.0.1:{port}/graphql -H 'Host: acme.localhost:{port}' {query}",
        "",
    ]
    return "\n".join(lines)
