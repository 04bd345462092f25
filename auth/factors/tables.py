"""Second factors of people, in their organization's schema: sealed, hashed, or of no use to a thief."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, ForeignKey, LargeBinary, Table, Text, Uuid

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

passkeys = Table(
    "passkeys",
    tenant_metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(_USER, ondelete="CASCADE"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True, comment="as the device calls it"),
    Column("user_handle", LargeBinary, nullable=False, comment="random; what the device calls the person"),
    Column("public_key", LargeBinary, nullable=False, comment="COSE (RFC 9052)"),
    Column("rp_id", Text, nullable=False, comment="the host it was made at; it works at no other"),
    Column("sign_count", BigInteger, nullable=False, comment="what the device has counted; never less than before"),
    Column("synced", Boolean, nullable=False, comment="may exist on several devices"),
    Column("transports", ARRAY(Text), nullable=False, comment="hints for browsers: usb, internal, hybrid …"),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    comment="Keys on people's devices (Web Authentication): a second factor, and a way in without a password.",
)
