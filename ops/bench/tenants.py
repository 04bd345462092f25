"""Organizations to measure on, and a token for each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from app.bus import Bus
from app.management.decisions import Decisions
from app.users.commands import ActivateUser
from auth.credentials import Credentials
from auth.passwords import Passwords
from auth.principal import SYSTEM
from migrations import runner
from ops.bench import dataset
from ops.bench.load import Target, answer, request
from ops.bench.servers import Bench
from ops.organizations.founding import found
from tenants.database import Database, connect_as_admin
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.tiers import ENTERPRISE

PASSWORD = "imprint-bench-1"  # noqa: S105 - of a stack that is gone after the run


@dataclass(frozen=True, slots=True)
class Measured:
    tenant: Tenant
    owner_id: UUID
    email: str

    def host(self, port: int) -> str:
        return f"{self.tenant.slug}.localhost:{port}"


async def prepare(bench: Bench, count: int, posts: int) -> list[Measured]:
    """`count` organizations, each with an owner who can sign in; the first has `posts` posts, the others a tenth.

    With no posts nothing is put there past the bus, so that its history is whole.
    """
    await runner.up(bench.settings)
    passwords = Passwords()
    made: list[Measured] = []
    async with Database(bench.settings, connections=2) as database, connect_as_admin(bench.settings.admin_database_url) as admin:
        bus, credentials = Bus(database), Credentials(database, passwords, Decisions(database, oldest=0.0))
        for number in range(count):
            slug = f"bench{number}"
            email = f"owner@{slug}.example"
            founded = await found(bench.settings, database, slug=slug, name=slug, owner_email=email, tier=ENTERPRISE, admin=admin)
            await bus.execute(founded.tenant, ActivateUser(founded.owner_id), SYSTEM, correlation_id=new_id())
            await credentials.set_password(founded.tenant, founded.owner_id, PASSWORD)
            if posts:
                await dataset.fill(bench.settings, founded.tenant, posts if number == 0 else posts // 10)
            made.append(Measured(founded.tenant, founded.owner_id, email))
    passwords.close()
    return made


async def token(target: Target, port: int, measured: Measured) -> str:
    """Signs the owner in over HTTP. Raises KeyError with the answer where that fails."""
    body = json.dumps({"email": measured.email, "password": PASSWORD}).encode()
    reply = await answer(target, request(target, "/auth/token", body, host=measured.host(port)))
    document = json.loads(reply.partition(b"\r\n\r\n")[2])
    if "access_token" not in document:
        raise KeyError(f"no token: {document}")
    return str(document["access_token"])
