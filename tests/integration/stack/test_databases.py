"""The databases that a stack and the test suite hand out."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ops.stack import Stack
from ops.stack.binaries import installed
from tenants.settings import TenantSettings
from tests.postgres15 import Postgres15

SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "server_encoding", "server_version_num")


def ask(url: str, sql: str) -> str:
    done = subprocess.run([installed().postgres("psql"), url, "-XAtc", sql], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def test_the_admin_makes_roles_and_is_no_superuser(settings: TenantSettings) -> None:
    sql = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert ask(settings.admin_database_url, sql) == "f|t|t"


def test_the_login_role_inherits_nothing_and_makes_nothing(settings: TenantSettings) -> None:
    sql = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolinherit FROM pg_roles WHERE rolname = current_user"
    assert ask(settings.database_url, sql) == "f|f|f|f"
    assert "permission denied" in ask(settings.database_url, "CREATE SCHEMA stolen")


def test_the_admin_may_alter_the_login_role(settings: TenantSettings, worker_name: str) -> None:
    assert ask(settings.admin_database_url, f"ALTER ROLE imprint_app_{worker_name} SET lock_timeout = '1s'") == "ALTER ROLE"
    assert ask(settings.database_url, "SHOW lock_timeout") == "1s"
    ask(settings.admin_database_url, f"ALTER ROLE imprint_app_{worker_name} RESET lock_timeout")


async def test_what_was_committed_survives_on_postgres_18(tmp_path: Path) -> None:
    """Of the stack as people have it: that of the tests forgets."""
    stack = Stack(tmp_path / "data")
    try:
        url = (await stack.start()).superuser_url
        said = [
            ask(url, f"SHOW {setting}") for setting in ("fsync", "synchronous_commit", "full_page_writes", "server_encoding", "server_version_num")
        ]
    finally:
        await stack.stop()
        stack.discard()

    assert said[:4] == ["on", "on", "on", "UTF8"]
    assert said[4].startswith("18")


def test_the_oldest_supported_version_has_the_same_roles(postgres15: Postgres15) -> None:
    assert ask(postgres15.admin_url, "SHOW server_version_num").startswith("15")
    assert ask(postgres15.admin_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "f"
    assert "permission denied" in ask(postgres15.database_url, "CREATE SCHEMA stolen")
