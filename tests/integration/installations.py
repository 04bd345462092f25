"""Installations of a test's own: a database with roles and keys that no other test meets."""

from __future__ import annotations

import base64
import os
import secrets

from migrations import runner
from ops.stack import Addresses, databases
from ops.stack.binaries import installed
from ops.stack.databases import Database as NewDatabase
from tenants.environment import Environment
from tenants.settings import TenantSettings


def settings_for(admin_url: str, app_url: str, owner: str) -> TenantSettings:
    key = base64.b64encode(os.urandom(32)).decode()
    env = Environment(
        {
            "IMPRINT_ENV": "dev",
            "IMPRINT_ADMIN_DATABASE_URL": admin_url,
            "IMPRINT_DATABASE_URL": app_url,
            "IMPRINT_OWNER_ROLE": owner,
            "IMPRINT_REDIS_URL": "redis://127.0.0.1:1/0",
            "IMPRINT_SECRET_KEY": key,
        }
    )
    settings = TenantSettings.read(env)
    env.finish()
    return settings


def new_database(worker: str) -> NewDatabase:
    name = f"up_{secrets.token_hex(4)}_{worker}"
    return NewDatabase(name, f"admin_{name}", f"app_{name}", admin_password="a", app_password="b")


async def installation_at(stack: Addresses, worker: str) -> TenantSettings:
    """Migrated and without organizations, of an admin that is no superuser."""
    own = new_database(worker)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    settings = settings_for(own.admin_url(stack.postgres_port), own.app_url(stack.postgres_port), f"owner_{own.name}")
    await runner.up(settings)
    return settings
