"""What the installation has once, in the schema `control`: its organizations, what is due, what goes out, and who operates it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
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

migration_runs = Table(
    "migration_runs",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("command", Text, nullable=False),
    Column("to_revision", Text, nullable=False),
    Column("holder", Text, nullable=False, comment="user@host and process"),
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default=text("'running'")),
    Column("reason", Text, comment="why it did not end as done"),
    Column("started_at", Moment, nullable=False, server_default=func.now()),
    Column("ended_at", Moment),
    CheckConstraint("command IN ('up', 'down', 'stamp')", name="command"),
    CheckConstraint("state IN ('running', 'done', 'failed', 'halted', 'interrupted')", name="state"),
    Index("migration_runs_newest_idx", text("started_at DESC")),
    comment="Every run of the migration runner that changed something or tried to.",
)

migration_results = Table(
    "migration_results",
    control_metadata,
    Column("run_id", Uuid, ForeignKey("control.migration_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("organization_id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("from_revision", Text),
    Column("to_revision", Text, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("error", Text, comment="none: done"),
    Column("finished_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Index("migration_results_latest_idx", "organization_id", "finished_at"),
    comment="What a run did to each tenant; a tenant that was done says so in the transaction that did it.",
)

pending_indexes = Table(
    "pending_indexes",
    control_metadata,
    Column("organization_id", Uuid, ForeignKey("control.organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("statement", Text, nullable=False, comment="with tokens in place of the tenant's names"),
    Column("revision", Text, nullable=False),
    Column("error", Text, comment="why the last attempt failed"),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    comment="Indexes on large tables that a tenant's revision asks for and that are built beside its work, one at a time.",
)

operator_audit = Table(
    "operator_audit",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Moment, nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("organization_id", Uuid),
    Column("slug", Text),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Index("operator_audit_organization_idx", "organization_id", "at"),
    comment="What operators did; written in the transaction that did it.",
)

operators = Table(
    "operators",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text, nullable=False, unique=True, comment="in small letters; the name under which the audit knows them"),
    Column("password_hash", Text, comment="argon2id in PHC string format; none: nobody has followed the link yet"),
    Column("secret", LargeBinary, nullable=False, comment="of RFC 6238, under the installation's key"),
    Column("last_step", BigInteger, nullable=False, server_default=text("0"), comment="the latest time step whose code was taken"),
    Column("link_hash", LargeBinary, unique=True, comment="SHA-256 of the link's value; none: it was followed"),
    Column("link_until", Moment),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("last_at", Moment, comment="their last sign-in"),
    comment="Who may look at the operators' console.",
)

operator_sessions = Table(
    "operator_sessions",
    control_metadata,
    Column("hash", LargeBinary, primary_key=True, comment="SHA-256 of the cookie's value"),
    Column("operator_id", Uuid, ForeignKey("control.operators.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    comment="Where operators are signed in.",
)

signing_keys = Table(
    "signing_keys",
    control_metadata,
    Column("kid", Text, primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column("private_key", LargeBinary, nullable=False),
    Column("public_jwk", JSONB, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("signs_from", Moment, nullable=False),
    Column("retired_at", Moment),
    comment="Keys that sign access tokens; the private part is encrypted under the installation's key.",
)

outbox = Table(
    "outbox",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("role", Text, nullable=False, server_default=text("(CURRENT_USER)::text")),
    Column("event_id", Uuid, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("aggregate_version", Integer, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("trace", Text),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("expanded_at", Moment),
    Index("outbox_pending_idx", "role", "aggregate_version", "id", postgresql_where=text("expanded_at IS NULL")),
    Index("outbox_order_idx", "role", "aggregate_id", "aggregate_version", postgresql_where=text("expanded_at IS NULL")),
    comment="One row per committed event; `role` is filled by the database, so no tenant can speak for another.",
)

deliveries = Table(
    "deliveries",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("organization_id", Uuid, ForeignKey("control.organizations.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("aggregate_version", Integer, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("trace", Text),
    Column("handler", Text, nullable=False),
    Column("awaited", Boolean, nullable=False, server_default=text("false"), comment="somebody waits for it: taken before the others"),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("next_attempt_at", Moment, nullable=False, server_default=func.now()),
    Column("published_at", Moment),
    Column("deadline", Moment),
    Column("crashed", Boolean, nullable=False, server_default=text("false"), comment="its worker died or hung: tried again apart from other such"),
    Column("error", Text),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("done_at", Moment),
    UniqueConstraint("organization_id", "event_id", "handler"),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'quarantined', 'archived')", name="state"),
    Index(
        "deliveries_awaited_idx",
        "organization_id",
        "next_attempt_at",
        postgresql_where=text("awaited AND state = 'waiting' AND published_at IS NULL"),
    ),
    Index("deliveries_due_idx", "organization_id", "next_attempt_at", postgresql_where=text("state = 'waiting' AND published_at IS NULL")),
    Index("deliveries_in_flight_idx", "published_at", postgresql_where=text("state IN ('waiting', 'running') AND published_at IS NOT NULL")),
    Index(
        "deliveries_order_idx",
        "organization_id",
        "aggregate_id",
        "handler",
        "aggregate_version",
        postgresql_where=text("state IN ('waiting', 'running')"),
    ),
    Index("deliveries_deadline_idx", "deadline", postgresql_where=text("state = 'running'")),
    comment="One row per organization, event and handler: who still has to hear of it, how often it was tried, what went wrong.",
)

timers = Table(
    "timers",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("role", Text, nullable=False, server_default=text("(CURRENT_USER)::text")),
    Column("kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("data", JSONB, nullable=False, server_default=text("'{}'")),
    Column("fired_at", Moment),
    Index("timers_due_idx", "due_at", postgresql_where=text("fired_at IS NULL")),
    comment="What is due later, on the database's clock; written in the transaction that decided it.",
)

leases = Table(
    "leases",
    control_metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Moment, nullable=False),
    comment="Who may do a thing that only one process should; whoever is late loses it.",
)

anchors = Table(
    "anchors",
    control_metadata,
    Column("organization_id", Uuid, ForeignKey("control.organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("aggregates", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="over all anchored heads in the order of their ids"),
    Column("signature", LargeBinary, nullable=False, comment="with a key that no database holds"),
    comment="How far each organization's history was known to reach, out of that organization's reach.",
)

anchored_heads = Table(
    "anchored_heads",
    control_metadata,
    Column("organization_id", Uuid, ForeignKey("control.anchors.organization_id", ondelete="CASCADE"), primary_key=True),
    Column("aggregate_id", Uuid, primary_key=True),
    Column("aggregate_type", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    comment="The last event of each aggregate when its organization was last anchored.",
)
