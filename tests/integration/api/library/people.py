"""What people are told, and by whom they are known."""

from __future__ import annotations

import itertools
from datetime import timedelta
from uuid import UUID

from auth.sso.connections import sealed_secrets
from tenants.database import Connection
from tenants.ids import new_id
from tenants.secrets import TenantKey
from tenants.statements import statement
from tests.integration.api.library.when import LONG_AGO

NOTIFICATION = statement(
    """
    INSERT INTO __tenant__.notifications (id, user_id, kind, event_id, subject_id, data, read_at, created_at)
    SELECT :id, :user_id, 'post_approved', (SELECT min(id::text)::uuid FROM __tenant__.domain_events), :subject, '{"a": [1, null]}',
      CAST(:read_at AS timestamptz), :created_at
    """
)
SOME_COMMENT = statement("SELECT id FROM __tenant__.comments ORDER BY created_at, id OFFSET CAST(:number AS bigint) LIMIT 1")
PROVIDER = statement(
    """
    INSERT INTO __tenant__.connections (id, name, kind, label, enabled, settings, secrets, create_people, default_role, version)
    VALUES (:id, :name, :kind, :label, false, '{}', :secrets, false, 'reader', 1)
    """
)
IDENTITY = statement(
    """
    INSERT INTO __tenant__.identities (id, connection_id, subject_index, user_id, sealed, linked_at, last_at)
    VALUES (:id, :provider, :index, :user, '', :at, :at)
    """
)


async def notify(connection: Connection, users: list[UUID], posts: list[UUID]) -> None:
    """Of posts and of comments, two at a time; every other one was read."""
    for user, hours in itertools.product(users, range(5)):
        at = LONG_AGO + timedelta(hours=hours // 2)
        subject = posts[hours * 3] if hours % 3 else (await connection.fetchval(SOME_COMMENT, number=hours * 5))
        await connection.execute(NOTIFICATION, id=new_id(), user_id=user, subject=subject, read_at=at if hours % 2 else None, created_at=at)


async def link(connection: Connection, users: list[UUID], key: TenantKey) -> None:
    """Some known to two providers."""
    for number, kind in enumerate(("oidc", "saml")):
        provider = new_id()
        secrets = sealed_secrets(key, provider, {})
        await connection.execute(PROVIDER, id=provider, name=f"provider-{number}", kind=kind, label=f'The "{kind}"', secrets=secrets)
        for position, user in enumerate(users[number:]):
            at = LONG_AGO + timedelta(days=position % 2)
            await connection.execute(IDENTITY, id=new_id(), provider=provider, index=user.bytes + provider.bytes, user=user, at=at)
