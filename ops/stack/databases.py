"""A database with its two roles: the admin that owns it, and the login role that owns nothing."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ops.stack.addresses import postgres_url
from ops.stack.failures import StackFailed


@dataclass(frozen=True, slots=True)
class Database:
    """Names are ours, never input. The admin may create roles and databases and is no superuser, as on a managed server."""

    name: str = "imprint"
    admin: str = "imprint_admin"
    app: str = "imprint_app"
    admin_password: str = ""
    app_password: str = ""

    def admin_url(self, port: int) -> str:
        return postgres_url(self.admin, self.admin_password, port, self.name)

    def app_url(self, port: int) -> str:
        return postgres_url(self.app, self.app_password, port, self.name)

    def script(self) -> str:
        """Makes what is missing and sets the passwords; harmless to run again. The admin may alter the login role, not become it."""
        return f"""
SELECT 'CREATE ROLE {self.admin}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{self.admin}') \\gexec
SELECT 'CREATE ROLE {self.app}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{self.app}') \\gexec
ALTER ROLE {self.admin} LOGIN CREATEROLE CREATEDB PASSWORD '{self.admin_password}';
ALTER ROLE {self.app} LOGIN NOINHERIT PASSWORD '{self.app_password}';
GRANT {self.app} TO {self.admin} WITH ADMIN OPTION;
SELECT 'CREATE DATABASE {self.name} OWNER {self.admin}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{self.name}') \\gexec
"""  # noqa: S608 - names and passwords are our own


def make(psql: Path, superuser_url: str, database: Database, *, host: str = "") -> None:
    """Raises StackFailed with psql's complaint. `host` may be a socket's folder; the URL's host otherwise."""
    run_script(psql, superuser_url, database.script(), host=host)


def drop(psql: Path, superuser_url: str, database: Database) -> None:
    run_script(psql, superuser_url, f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE);")


def run_script(psql: Path, url: str, script: str, *, host: str = "") -> None:
    parts = urlsplit(url)
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PGHOST": host or parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGOPTIONS": "-c client_min_messages=warning",
    }
    command: list[str | Path] = [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]
    done = subprocess.run(command, env=env, input=script, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackFailed(f"could not set up the database: {' / '.join(done.stderr.strip().splitlines()[-3:])}")
