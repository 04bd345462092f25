"""An organization's connections to identity providers and what came through them, in its own schema."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, Uuid, func, text
from sqlalchemy.dialects.postgresql import INET, JSONB

from tenants.tables import Moment, tenant_metadata

_USER = "__tenant__.users.id"

connections = Table(
    "connections",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True, comment="as addresses have it"),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False, comment="on the button of the sign-in page"),
    Column("enabled", Boolean, nullable=False),
    Column("settings", JSONB, nullable=False, comment="what the kind needs and may be read"),
    Column("secrets", LargeBinary, nullable=False, comment="what the kind needs and may not: JSON under the organization's key"),
    Column("create_people", Boolean, nullable=False, comment="whether somebody unknown gets an account"),
    Column("default_role", Text, nullable=False),
    Column("group_roles", JSONB, nullable=False, server_default=text("'[]'"), comment="[[group, role] …], the first that fits counts"),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("updated_at", Moment, nullable=False, server_default=func.now()),
    CheckConstraint("kind IN ('saml', 'oidc', 'oauth2', 'ldap')", name="kind"),
    comment="Identity providers through which the organization's people sign in.",
)

identities = Table(
    "identities",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("connection_id", Uuid, ForeignKey("__tenant__.connections.id", ondelete="CASCADE"), nullable=False),
    Column("subject_index", LargeBinary, nullable=False, comment="blind index of the provider's id of the person"),
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False, comment="what the provider said at the last sign-in: JSON under the person's key"),
    Column("linked_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    UniqueConstraint("connection_id", "subject_index"),
    comment="Whom a provider's person is here.",
)

email_domains = Table(
    "email_domains",
    tenant_metadata,
    Column("domain", Text, primary_key=True),
    Column("challenge", Text, nullable=False),
    Column("verified_at", Moment),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    comment="Domains of e-mail addresses that the organization says are its own, and has proven so where verified_at is set.",
)

handles = Table(
    "handles",
    tenant_metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="JSON under the organization's key"),
    Column("browser", LargeBinary, comment="SHA-256 of the cookie of the browser it belongs to"),
    Column("expires_at", Moment, nullable=False, index=True),
    comment="What a sign-in under way has to remember, and what may come only once. Each is taken out by its one use.",
)

setup_links = Table(
    "setup_links",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the token in the link"),
    Column("browser", LargeBinary, unique=True, comment="SHA-256 of the cookie of the browser that opened it"),
    Column("kind", Text, comment="of which provider; none where whoever opens it chooses"),
    Column("connection_id", Uuid, ForeignKey("__tenant__.connections.id", ondelete="CASCADE"), index=True),
    Column("may_switch_on", Boolean, nullable=False),
    Column("created_by", Uuid, nullable=False, comment="the administrator whose link it is"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("opened_at", Moment),
    Column("finished_at", Moment),
    Column("revoked_at", Moment),
    comment="Links with which somebody without an account connects one provider.",
)

sign_in_events = Table(
    "sign_in_events",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("action", Text, nullable=False),
    Column("trace", Text, nullable=False, comment="short id, also on the person's error page"),
    Column("module", Text, nullable=False),
    Column("connection_id", Uuid, comment="of no constraint: what happened stays when the connection goes"),
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), index=True),
    Column("details", JSONB, nullable=False, comment="check, expected, found …; nothing personal in clear"),
    Column("address", INET),
    Column("correlation_id", Uuid, nullable=False),
    Index("sign_in_events_at_idx", "at", "id"),
    Index("sign_in_events_action_idx", "action", "at", "id"),
    Index("sign_in_events_connection_id_idx", "connection_id"),
    Index("sign_in_events_correlation_id_idx", "correlation_id"),
    Index("sign_in_events_trace_idx", "trace"),
    comment="How signing in went, check by check; kept for 90 days.",
)
