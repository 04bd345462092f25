"""Who operates the installation, and where they are signed in."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from tenants.tables import Moment, control_metadata

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
