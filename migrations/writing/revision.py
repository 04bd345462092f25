"""The next revision: found in the difference, written, and tried where it harms nobody."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from migrations import history as histories
from migrations.history import Execution, History, Revision, revisions
from migrations.lint.checking import Finding, judged, rendered
from migrations.lint.context import Past
from migrations.rendering import downgrade_statements, upgrade_statements
from migrations.writing import template
from migrations.writing.constraints import constraint_steps, default_steps
from migrations.writing.declared import ROOT, Declared
from migrations.writing.objects import object_steps
from migrations.writing.scratch import Scratch, make_code, make_head, scratch
from migrations.writing.snapshot import Snapshot, snapshot
from migrations.writing.tables import TableSteps, table_steps
from migrations.writing.template import Body, Constants
from tenants.errors import Refusal

LOOK = " VALIDATE CONSTRAINT "


class Unfinished(Refusal):
    """A revision was written that does not do what it should."""

    code = "REVISION_UNFINISHED"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to write. `empty`: for work by hand, whatever differs."""

    history: History
    message: str
    execution: Execution = Execution.REPLAYED
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The new file, and what `imprint migrate check` finds in it (without squawk)."""

    path: Path
    findings: tuple[Finding, ...]


async def write_revision(wanted: Wanted, declared: Declared, url: str) -> Written | None:
    """None where nothing differs. The URL's role may make databases and roles; both go again.

    Raises BrokenSql, BrokenHistory, NotExpressible, and Unfinished where the file that was written does not bring head to what is declared.
    """
    if wanted.empty:
        return _written(wanted, "Expand.", _empty(wanted.execution))
    async with scratch(url) as place:
        await make_head(place, wanted.history)
        await make_code(place, declared)
        before = await snapshot(place.head, declared.schema)
        found = await _difference(place, declared, before, wanted.execution)
        if found is None:
            return None
        body, says = found
        if wanted.execution is Execution.REPLAYED and all(LOOK in line for line in body.up):
            # Replayed, it would look while the transaction that added the constraint still shuts everybody out.
            wanted = replace(wanted, execution=Execution.OUTSIDE_TRANSACTION)
        written = _written(wanted, says, body)
        await _try(place, declared, before, wanted, written.path)
        return written


async def _difference(place: Scratch, declared: Declared, old: Snapshot, execution: Execution) -> tuple[Body, str] | None:
    """The body, and whether it expands or contracts."""
    new = await snapshot(place.code, declared.schema)
    concurrently = execution is Execution.OUTSIDE_TRANSACTION
    tables = await place.head.run_sync(table_steps, declared.metadata, declared.schema, (old, new), concurrently=concurrently)
    constants = Constants()
    up = _lines(old, new, tables.up, declared.schema, constants)
    down = _lines(new, old, tables.down, declared.schema, constants)
    if not up:
        return None
    return Body(up, down or (template.NOTHING,), constants.texts), _says(old, new, tables)


def _lines(old: Snapshot, new: Snapshot, tables: tuple[str, ...], schema: str, constants: Constants) -> tuple[str, ...]:
    objects, constraints = object_steps(old, new), constraint_steps(old, new, schema)
    before = map(constants.executed, (*objects.before, *constraints.before))
    return (*before, *tables, *map(constants.executed, (*default_steps(old, new, schema), *constraints.after, *objects.after)))


def _says(old: Snapshot, new: Snapshot, tables: TableSteps) -> str:
    return "Contract." if tables.drops or object_steps(old, new).drops else "Expand."


def _empty(execution: Execution) -> Body:
    lines = template.NOTHING_IN_PYTHON if execution is Execution.PYTHON else (template.NOTHING,)
    return Body(lines, lines, {})


def _written(wanted: Wanted, says: str, body: Body) -> Written:
    folder = wanted.history.folders[-1]
    line = revisions(wanted.history)
    down = line[-1].id if line else None
    number = f"{max((int(one.id) for one in line if one.id.isdigit()), default=0) + 1:04d}"
    path = folder / f"{number}_{template.slug(wanted.message)}.py"
    path.write_text(template.text(wanted.message, says, number, down, wanted.execution, body))
    _format(path)
    histories.revisions.cache_clear()
    return Written(path, tuple(_findings(wanted.history, revisions(wanted.history)[-1])))


def _findings(history: History, last: Revision) -> list[Finding]:
    past = Past()
    found: list[Finding] = []
    for revision in revisions(history):
        found = judged(history, revision, rendered(history, revision), past)
    return found if revisions(history)[-1] == last else []


def _format(path: Path) -> None:
    """As the rest of the code, where ruff is installed; without it, it is as valid and less handsome."""
    ruff, settings = Path(sys.executable).with_name("ruff"), ROOT / "pyproject.toml"
    if ruff.exists() and settings.exists():
        subprocess.run([ruff, "format", "--quiet", f"--config={settings}", path], check=True)


async def _try(place: Scratch, declared: Declared, before: Snapshot, wanted: Wanted, path: Path) -> None:
    """Up and down and up again, from a fresh reading of the file. Raises Unfinished."""
    last = revisions(wanted.history)[-1]
    up = upgrade_statements(wanted.history, last.down, last.id)
    down = downgrade_statements(wanted.history, last.id, last.down or "base")
    try:
        await place.replay(up)
        await place.replay(down)
        back = await snapshot(place.head, declared.schema)
        await place.replay(up)
    except DBAPIError as error:
        raise Unfinished(f"{path} was written, but Postgres says: {error.orig}. Mend it by hand, then run `imprint migrate check`.") from error
    left = await _difference(place, declared, await snapshot(place.head, declared.schema), wanted.execution)
    if left and not all(LOOK in line for line in left[0].up):
        raise Unfinished(f"{path} was written, but leaves this to be done by hand: {'; '.join(left[0].up)}")
    if not back.is_like(before):
        raise Unfinished(f"{path} was written, but its downgrade does not bring back what was there: mend it by hand.")
