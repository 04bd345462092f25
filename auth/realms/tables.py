"""What the installation knows of people and domains beyond their organizations: blind indexes, proofs, and letters that wait to be written."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid, func, text

from tenants.tables import Moment, control_metadata

_ORGANIZATION = "control.organizations.id"

realm_keys = Table(
    "realm_keys",
    control_metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true")),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made_at", Moment, nullable=False, server_default=func.now()),
    CheckConstraint("singleton", name="singleton"),
    comment="One row: the key of indexes and of what waits sealed here, wrapped by the installation's.",
)

home_realms = Table(
    "home_realms",
    control_metadata,
    Column("organization_id", Uuid, ForeignKey(_ORGANIZATION, ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("email_index", LargeBinary, index=True, comment="blind index of the address of somebody active; none of everybody else"),
    Column("version", Integer, nullable=False, comment="theirs, when this was so: what is older never takes its place"),
    comment="In which organizations an address signs in, by nothing that could be read.",
)

realm_standings = Table(
    "realm_standings",
    control_metadata,
    Column("organization_id", Uuid, ForeignKey(_ORGANIZATION, ondelete="CASCADE"), primary_key=True),
    Column("built_at", Moment, nullable=False),
    comment="Organizations whose people and domains were all looked at once; from then on events keep them.",
)

realm_domains = Table(
    "realm_domains",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("role", Text, nullable=False, server_default=text("(CURRENT_USER)::text"), comment="the organization's, filled by the database"),
    Column("domain", Text, nullable=False),
    Column("proven", Boolean, nullable=False, comment="or given up"),
    Column("at", Moment, nullable=False, server_default=func.now()),
    Index("realm_domains_domain_idx", "domain", "role", text("at DESC"), text("id DESC")),
    Index("realm_domains_role_idx", "role"),
    comment="Which organization proved which domain of e-mail addresses, or gave it up; the latest counts. Organizations only add to it.",
)

front_letters = Table(
    "front_letters",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="to whom and what for: JSON under the key in realm_keys"),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("asked_at", Moment, nullable=False, server_default=func.now()),
    Column("next_attempt_at", Moment, nullable=False, server_default=func.now(), index=True),
    comment="Letters that were asked for at the installation's own address; a worker finds out whether there is anything to say.",
)
