"""Let others set up a connection.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"


def upgrade() -> None:
    op.create_table(
        "setup_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the token in the link"),
        sa.Column("browser", sa.LargeBinary(), nullable=True, comment="SHA-256 of the cookie of the browser that opened it"),
        sa.Column("kind", sa.Text(), nullable=True, comment="of which provider; none where whoever opens it chooses"),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("may_switch_on", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False, comment="the administrator whose link it is"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["__tenant__.connections.id"], name=op.f("setup_links_connection_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("setup_links_pkey")),
        sa.UniqueConstraint("browser", name=op.f("setup_links_browser_key")),
        sa.UniqueConstraint("hash", name=op.f("setup_links_hash_key")),
        schema="__tenant__",
        comment="Links with which somebody without an account connects one provider.",
    )
    op.create_index(op.f("setup_links_connection_id_idx"), "setup_links", ["connection_id"], unique=False, schema="__tenant__")


def downgrade() -> None:
    op.drop_index(op.f("setup_links_connection_id_idx"), table_name="setup_links", schema="__tenant__")
    op.drop_table("setup_links", schema="__tenant__")
