"""Second factors of people, in their organization's schema: secrets under the person's key, recovery codes as hashes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, Table, Uuid

from tenants.tables import Moment, tenant_metadata

_USER = "__tenant__.users.id"

authenticators = Table(
    "authenticators",
    tenant_metadata,
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), primary_key=True),
    Column("secret", LargeBinary, nullable=False, comment="of RFC 6238, under the person's key"),
    Column("begun_at", Moment, nullable=False),
    Column("confirmed_at", Moment, comment="none: nobody has shown a code of it yet, and it counts for nothing"),
    Column("last_step", BigInteger, nullable=False, comment="the latest time step whose code was taken: no code works twice"),
    comment="The authenticator of each person who has one.",
)

recovery_codes = Table(
    "recovery_codes",
    tenant_metadata,
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), primary_key=True),
    Column("hash", LargeBinary, primary_key=True, comment="SHA-256"),
    Column("used_at", Moment),
    comment="Codes on paper, each good once, instead of an authenticator's.",
)
