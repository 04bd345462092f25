"""Organizations that were asked for, until they are there; invitations to ask for one."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, SmallInteger, Table, Text, Uuid, func, text

from tenants.tables import Moment, control_metadata

sign_up_invitations = Table(
    "sign_up_invitations",
    control_metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="whose it is: the address under the key in realm_keys"),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    comment="Links with which operators let somebody ask for an organization; each is good for one.",
)

sign_ups = Table(
    "sign_ups",
    control_metadata,
    Column("id", Uuid, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="of the link that proves the address"),
    Column("slug", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="name and address: JSON under the key in realm_keys"),
    Column("invitation", LargeBinary, ForeignKey("control.sign_up_invitations.hash", ondelete="SET NULL")),
    Column("state", Text, nullable=False, server_default=text("'asked'")),
    Column("asked_at", Moment, nullable=False, server_default=func.now()),
    Column("expires_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("ended_at", Moment),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("next_attempt_at", Moment),
    Column("reason", Text, comment="why it was refused, for whoever asked"),
    Column("organization_id", Uuid),
    Column("owner_id", Uuid),
    CheckConstraint("state IN ('asked', 'confirmed', 'made', 'opened', 'refused')", name="state"),
    Index("sign_ups_confirmed_idx", "next_attempt_at", postgresql_where=text("state = 'confirmed'")),
    Index("sign_ups_slug_idx", "slug"),
    Index("sign_ups_expires_at_idx", "expires_at"),
    Index("sign_ups_invitation_idx", "invitation"),
    comment="Asked for, confirmed by the link, made by a worker (or refused), opened by whoever asked.",
)
