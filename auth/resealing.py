"""What of signing in lies under an organization's key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from auth.scim import records
from auth.sso.connections import secrets_context
from auth.sso.handles import handle_context
from auth.sso.linking import resealed
from tenants.rotation.declared import Protected
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Row
    from tenants.secrets import TenantKey

SUCCESSORS = statement(
    """
    SELECT hash AS key, successor FROM __tenant__.refresh_tokens
    WHERE successor IS NOT NULL AND (CAST(:after AS bytea) IS NULL OR hash > :after) ORDER BY hash LIMIT :batch
    """
)
SAVE_SUCCESSOR = statement("UPDATE __tenant__.refresh_tokens SET successor = :successor WHERE hash = :hash AND successor = :was")

CONNECTIONS = statement(
    "SELECT id AS key, secrets FROM __tenant__.connections WHERE CAST(:after AS uuid) IS NULL OR id > :after ORDER BY id LIMIT :batch"
)
SAVE_CONNECTION = statement("UPDATE __tenant__.connections SET secrets = :secrets WHERE id = :id AND secrets = :was")
HANDLES = statement(
    "SELECT hash AS key, purpose, payload FROM __tenant__.handles WHERE CAST(:after AS bytea) IS NULL OR hash > :after ORDER BY hash LIMIT :batch"
)
IDENTITIES = statement(
    """
    SELECT i.id AS key, i.connection_id, i.user_id, i.subject_index, i.sealed, u.person_key
    FROM __tenant__.identities i JOIN __tenant__.users u ON u.id = i.user_id
    WHERE CAST(:after AS uuid) IS NULL OR i.id > :after ORDER BY i.id LIMIT :batch
    """
)
SAVE_IDENTITY = statement("UPDATE __tenant__.identities SET subject_index = :subject_index WHERE id = :id AND subject_index = :was")
PROVISIONED = statement(
    """
    SELECT s.id AS key, s.connection_id, s.user_id, s.user_name_index, s.external_id_index, s.sealed, u.person_key
    FROM __tenant__.scim_users s JOIN __tenant__.users u ON u.id = s.user_id
    WHERE CAST(:after AS uuid) IS NULL OR s.id > :after ORDER BY s.id LIMIT :batch
    """
)
SAVE_PROVISIONED = statement(
    """
    UPDATE __tenant__.scim_users SET user_name_index = :user_name_index, external_id_index = :external_id_index
    WHERE id = :id AND user_name_index = :was
    """
)
SAVE_HANDLE = statement("UPDATE __tenant__.handles SET payload = :payload WHERE hash = :hash AND payload = :was")


def successor_context(token_hash: bytes) -> bytes:
    """What a token's sealed successor is bound to."""
    return b"refresh-successor:" + token_hash


def _resealed(row: Row, key: TenantKey) -> Mapping[str, Any] | None:
    successor = key.resealed(row["successor"], successor_context(row["key"]))
    return None if successor is None else {"hash": row["key"], "successor": successor, "was": row["successor"]}


def _connection(row: Row, key: TenantKey) -> Mapping[str, Any] | None:
    secrets = key.resealed(row["secrets"], secrets_context(row["key"]))
    return None if secrets is None else {"id": row["key"], "secrets": secrets, "was": row["secrets"]}


def _handle(row: Row, key: TenantKey) -> Mapping[str, Any] | None:
    payload = key.resealed(row["payload"], handle_context(row["purpose"]))
    return None if payload is None else {"hash": row["key"], "payload": payload, "was": row["payload"]}


PROTECTED = (
    Protected("refresh tokens", SUCCESSORS, _resealed, SAVE_SUCCESSOR),
    Protected("connections", CONNECTIONS, _connection, SAVE_CONNECTION),
    Protected("identities", IDENTITIES, resealed, SAVE_IDENTITY),
    Protected("provisioned people", PROVISIONED, records.resealed, SAVE_PROVISIONED),
    Protected("sign-ins under way", HANDLES, _handle, SAVE_HANDLE),
)
