"""Alembic's environment for both histories: always offline, into the buffer that the renderer hands in."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
context.configure(dialect_name="postgresql", output_buffer=attributes["buffer"], version_table_schema=attributes["schema"])
context.run_migrations()
