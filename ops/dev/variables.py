"""The environment of a running stack: for its own children, and for `DIR/env`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ops.stack import Addresses
from ops.stack.memory import Memory

# Whoever sets these brings servers of their own.
SERVERS = ("IMPRINT_DATABASE_URL", "IMPRINT_ADMIN_DATABASE_URL", "IMPRINT_REDIS_URL")
CHOICES = (
    "IMPRINT_SECRET_KEY",
    "IMPRINT_PUBLIC_URL",
    "IMPRINT_SMTP_URL",
    "IMPRINT_OPERATORS_HOST",
    "IMPRINT_OPERATORS_PORT",
    "IMPRINT_OPERATORS_TOKEN",
    "IMPRINT_OWNER_ROLE",
)


def brings_own_servers(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("IMPRINT_DATABASE_URL") and environ.get("IMPRINT_REDIS_URL"))


def variables(environ: Mapping[str, str], addresses: Addresses | None, memory: Memory, port: int, folder: Path) -> dict[str, str]:
    """What is set in `environ` wins over what the stack would say. psql speaks as the server's login role.

    No operators' token of its own: their port is on loopback, and its address can be opened in a browser.
    """
    made = {
        "IMPRINT_ENV": "dev",
        "IMPRINT_PUBLIC_URL": f"http://localhost:{port}",
        "IMPRINT_SECRET_KEY": memory.secret_key,
        "IMPRINT_OPERATORS_PORT": str(memory.operators_port),
        "IMPRINT_SMTP_URL": (folder / "mail").as_uri(),
    }
    if addresses:
        made |= {
            "IMPRINT_DATABASE_URL": addresses.database_url,
            "IMPRINT_ADMIN_DATABASE_URL": addresses.admin_url,
            "IMPRINT_REDIS_URL": addresses.redis_url,
        }
    if environ.get("IMPRINT_DATABASE_URL"):
        # Half of somebody's database and half of ours would be neither.
        made.pop("IMPRINT_ADMIN_DATABASE_URL", None)
    made |= {name: environ[name] for name in (*SERVERS, *CHOICES) if environ.get(name)}
    return made | _for_psql(made["IMPRINT_DATABASE_URL"])


def _for_psql(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
