"""People have profiles, preferences and addresses that are confirmed.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# check: allow squawk:ban-drop-constraint because the one that takes its place admits all it admitted

revision: str = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    op.execute("DROP TRIGGER users_witnessed ON __tenant__.users")
    op.execute("ALTER TABLE __tenant__.links DROP CONSTRAINT links_purpose_check")
    op.create_table(
        "sign_ins",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["__tenant__.users.id"], name=op.f("sign_ins_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("sign_ins_pkey")),
        schema="__tenant__",
        comment="When each person signed in last.",
    )
    op.create_table_comment(
        "links",
        "Links that work once: to accept an invitation, to choose a new password, to confirm an address.",
        existing_comment="Links that work once: to accept an invitation, to choose a new password.",
        schema="__tenant__",
    )
    op.add_column(
        "users",
        sa.Column("new_email", sa.LargeBinary(), nullable=True, comment="encrypted under person_key; counts once it is confirmed"),
        schema="__tenant__",
    )
    op.add_column("users", sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True), schema="__tenant__")
    op.add_column("users", sa.Column("bio", sa.Text(), nullable=True), schema="__tenant__")
    op.add_column("users", sa.Column("website", sa.Text(), nullable=True), schema="__tenant__")
    op.add_column("users", sa.Column("job_title", sa.Text(), nullable=True), schema="__tenant__")
    op.add_column("users", sa.Column("pronouns", sa.Text(), nullable=True), schema="__tenant__")
    op.add_column("users", sa.Column("phone", sa.LargeBinary(), nullable=True, comment="encrypted under person_key"), schema="__tenant__")
    op.add_column("users", sa.Column("location", sa.LargeBinary(), nullable=True, comment="encrypted under person_key"), schema="__tenant__")
    op.add_column("users", sa.Column("language", sa.LargeBinary(), nullable=True, comment="encrypted under person_key"), schema="__tenant__")
    op.add_column("users", sa.Column("time_zone", sa.LargeBinary(), nullable=True, comment="encrypted under person_key"), schema="__tenant__")
    op.add_column(
        "users",
        sa.Column("notification_channels", sa.ARRAY(sa.Text()), server_default=sa.text("'{IN_APP,EMAIL}'"), nullable=False),
        schema="__tenant__",
    )
    op.execute(
        "ALTER TABLE __tenant__.links ADD CONSTRAINT links_purpose_check CHECK ((purpose = ANY (ARRAY['invitation'::text, "
        "'reset'::text, 'address'::text]))) NOT VALID"
    )
    op.execute(
        "CREATE TRIGGER users_witnessed AFTER INSERT OR DELETE OR UPDATE ON __tenant__.users FOR EACH ROW WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('users', 'id', "
        "'username,name,avatar_url,bio,website,job_title,pronouns,email,new_email,email_index,phone,location,language,time_zone,person_key')"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER users_witnessed ON __tenant__.users")
    op.execute("ALTER TABLE __tenant__.links DROP CONSTRAINT links_purpose_check")
    op.drop_column("users", "notification_channels", schema="__tenant__")
    op.drop_column("users", "time_zone", schema="__tenant__")
    op.drop_column("users", "language", schema="__tenant__")
    op.drop_column("users", "location", schema="__tenant__")
    op.drop_column("users", "phone", schema="__tenant__")
    op.drop_column("users", "pronouns", schema="__tenant__")
    op.drop_column("users", "job_title", schema="__tenant__")
    op.drop_column("users", "website", schema="__tenant__")
    op.drop_column("users", "bio", schema="__tenant__")
    op.drop_column("users", "email_verified_at", schema="__tenant__")
    op.drop_column("users", "new_email", schema="__tenant__")
    op.create_table_comment(
        "links",
        "Links that work once: to accept an invitation, to choose a new password.",
        existing_comment="Links that work once: to accept an invitation, to choose a new password, to confirm an address.",
        schema="__tenant__",
    )
    op.drop_table("sign_ins", schema="__tenant__")
    op.execute(
        "ALTER TABLE __tenant__.links ADD CONSTRAINT links_purpose_check CHECK ((purpose = ANY (ARRAY['invitation'::text, 'reset'::text]))) NOT VALID"
    )
    op.execute(
        "CREATE TRIGGER users_witnessed AFTER INSERT OR DELETE OR UPDATE ON __tenant__.users FOR EACH ROW WHEN "
        "((COALESCE(current_setting('imprint.door'::text, true), ''::text) <> ALL (ARRAY['bus'::text, 'migration'::text]))) "
        "EXECUTE FUNCTION __tenant__.witness('users', 'id', 'username,name,avatar_url,email,email_index,person_key')"
    )
