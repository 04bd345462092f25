"""Rendering revisions to SQL, once, with Alembic's offline mode."""

from __future__ import annotations

from functools import cache

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


@cache
def upgrade_statements(history: History, start: str | None, to: str) -> tuple[str, ...]:
    """The SQL that brings a schema from `start` (None: empty) to `to`, its version row included; tokens not yet replaced."""
    buffer = StatementList()
    config = Config(attributes={"buffer": buffer, "schema": "control" if history is History.CONTROL else "__tenant__"})
    config.set_main_option("script_location", str(history.folder.parent))
    config.set_main_option("version_locations", str(history.folder / "versions"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    def steps(current: tuple[str, ...], _context: MigrationContext) -> list[RevisionStep]:
        return list(script._upgrade_revs(to, current))  # type: ignore[arg-type] # noqa: SLF001 - what alembic.command.upgrade calls, annotated too narrowly

    with EnvironmentContext(config, script, fn=steps, as_sql=True, starting_rev=start, destination_rev=to):
        script.run_env()
    return tuple(buffer.statements)
