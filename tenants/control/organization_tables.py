"""Which organizations there are, were and may be, where each is, and who was erased."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from tenants.tables import Moment, control_metadata

installation = Table(
    "installation",
    control_metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true")),
    Column("role_prefix", Text, nullable=False),
    Column("registry_version", BigInteger, nullable=False, server_default=text("1")),
    CheckConstraint("singleton", name="singleton"),
    comment="One row: what keeps this installation apart, and a number that rises whenever the registry changes.",
)

organizations = Table(
    "organizations",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("tier", Text, nullable=False, server_default=text("'basic'")),
    Column("schema", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False, unique=True),
    Column("revision", Text),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("updated_at", Moment, nullable=False, server_default=func.now()),
    Column("origin", Text, nullable=False, server_default=text("'created'"), comment="who finishes or removes it when it was left half-made"),
    Column("quotas", JSONB, nullable=False, server_default=text("'{}'"), comment="limit by name; a name that is missing has none"),
    Column("suspended_because", Text, comment="what the operator wrote down; not shown to outsiders"),
    Column("deleted_at", Moment, comment="when its grace began"),
    Column("deleted_from", Text, comment="the status that undelete gives back"),
    Column("purge_after", Moment, comment="when the grace of a deleted organization ends"),
    Column("purge_began_at", Moment, comment="from here on there is no way back"),
    Column("other_key", LargeBinary, comment="opens and finds as well, while the key is rotated"),
    Column("other_key_is", Text, comment="coming: nothing is under it yet; going: what is under it is brought under the new one"),
    CheckConstraint("status IN ('provisioning', 'active', 'suspended', 'deleting')", name="status"),
    CheckConstraint("origin IN ('created', 'imported', 'cloned')", name="origin"),
    CheckConstraint("other_key_is IN ('coming', 'going')", name="other_key_is"),
    CheckConstraint("(other_key IS NULL) = (other_key_is IS NULL)", name="other_key"),
    comment="Every organization: its address, its place, and its key wrapped by the installation's.",
)

former_slugs = Table(
    "former_slugs",
    control_metadata,
    Column("slug", Text, primary_key=True),
    Column("organization_id", Uuid, nullable=False, index=True, comment="no foreign key: the slug stays taken when the organization is gone"),
    Column("given_up_at", Moment, nullable=False, server_default=func.now()),
    comment="Slugs that an organization once had; no other ever gets them.",
)

tombstones = Table(
    "tombstones",
    control_metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("schema", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False, unique=True),
    Column("purged_at", Moment, nullable=False, server_default=func.now()),
    comment="Organizations that were purged; nothing is ever made under these names again.",
)

stock = Table(
    "stock",
    control_metadata,
    Column("organization_id", Uuid, primary_key=True, comment="the id that the organization claiming it will have"),
    Column("schema", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False, unique=True),
    Column("revision", Text, nullable=False),
    Column("made_at", Moment, nullable=False, server_default=func.now()),
    comment="Schemas and roles made beforehand, waiting for an organization.",
)

erasures = Table(
    "erasures",
    control_metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("role", Text, primary_key=True, server_default=text("(CURRENT_USER)::text"), comment="the organization's, filled by the database"),
    Column("erased_at", Moment, nullable=False, server_default=func.now()),
    comment="People who were erased, by nothing but their ids; kept for ever, so that an older copy does not bring them back.",
)

domains = Table(
    "domains",
    control_metadata,
    Column("host", Text, primary_key=True),
    Column("organization_id", Uuid, ForeignKey("control.organizations.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("verified_at", Moment),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("challenge", Text, nullable=False, server_default=text("''"), comment="what the TXT record must say"),
    Index("domains_verified_key", "host", unique=True, postgresql_where=text("verified_at IS NOT NULL")),
    comment="Hosts of their own that organizations brought; only verified ones are served.",
)
