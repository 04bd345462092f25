"""Alembic's environment for both histories: offline into the renderer's buffer, or online on a connection of a process that runs Python."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
if "connection" in attributes:
    # The token has become the tenant's schema by the time a statement is sent; Alembic itself only ever sees the token.
    context.configure(connection=attributes["connection"], version_table_schema=attributes["schema"], transactional_ddl=False)
else:
    # Texts are sent as they are, without parameters: a style that uses % would double every % of theirs.
    literally = {"paramstyle": "named"}
    context.configure(
        dialect_name="postgresql", dialect_opts=literally, output_buffer=attributes["buffer"], version_table_schema=attributes["schema"]
    )
context.run_migrations()
