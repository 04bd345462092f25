"""Rendering revisions to SQL, once, with Alembic's offline mode."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory

from migrations.history import History


class StatementList:
    """Alembic writes each statement with one call; this keeps them apart, without the comments between."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def write(self, text: str) -> None:
        sql = text.strip().removesuffix(";")
        if any(line.strip() and not line.lstrip().startswith("--") for line in sql.splitlines()):
            self.statements.append(sql)

    def flush(self) -> None:
        return None


def upgrade_statements(history: History, start: str | None, to: str) -> tuple[str, ...]:
    """The SQL that brings a schema from `start` (None: empty) to `to`, its version row included; tokens not yet replaced."""
    return _rendered(history, history.folders, start, to, down=False)


def downgrade_statements(history: History, start: str, to: str) -> tuple[str, ...]:
    """The SQL that takes a schema from `start` back to `to`, its version row included."""
    return _rendered(history, history.folders, start, to, down=True)


def configuration(history: History, folders: tuple[Path, ...], **attributes: object) -> Config:
    """Alembic's configuration for one history; `attributes` reach `migrations/env.py`."""
    schema = "control" if history is History.CONTROL else "__tenant__"
    config = Config(attributes={"schema": schema, **attributes})
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_locations", os.pathsep.join(map(str, folders)))
    config.set_main_option("path_separator", "os")
    return config


@cache
def _rendered(history: History, folders: tuple[Path, ...], start: str | None, to: str, *, down: bool) -> tuple[str, ...]:
    buffer = StatementList()
    config = configuration(history, folders, buffer=buffer)
    script = ScriptDirectory.from_config(config)

    def steps(current: tuple[str, ...], _context: MigrationContext) -> list[RevisionStep]:
        """What alembic.command.upgrade and downgrade call; annotated too narrowly."""
        revs = script._downgrade_revs(to, current) if down else script._upgrade_revs(to, current)  # type: ignore[arg-type] # noqa: SLF001
        return list(revs)

    with EnvironmentContext(config, script, fn=steps, as_sql=True, starting_rev=start, destination_rev=to):
        script.run_env()
    return tuple(buffer.statements)
