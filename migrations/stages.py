"""The way from one revision to another, as what is sent to each tenant.

Revisions that are replayed and follow each other are one stage, one transaction, unless a later one needs an index that an
earlier one may leave to be built beside the work. Every other revision is a stage by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from migrations.guarded import GuardedIndex, guarded, needs
from migrations.history import Execution, History, Revision, revisions
from migrations.sql.statements import statements
from migrations.sql.transactions import require_none_of_its_own
from migrations.version_row import writes_version
from tenants.errors import NotFound, Refusal


class Irreversible(Refusal):
    """A revision has no way down."""

    code = "IRREVERSIBLE"


@dataclass(frozen=True, slots=True)
class Stage:
    """`statements` hold tokens, the version row's last of all; empty where Python runs. `to` None: before the first revision."""

    execution: Execution
    start: str | None
    to: str | None
    statements: tuple[str, ...] = ()
    indexes: tuple[GuardedIndex, ...] = ()
    down: bool = False
    revisions: tuple[str, ...] = ()


def known(revision: str) -> str:
    """The revision, if this release has it among its tenant revisions. Raises NotFound, naming what there is."""
    ids = [known.id for known in revisions(History.TENANT)]
    if revision not in ids:
        raise NotFound(f"There is no tenant revision {revision!r}; this release has {ids[0]} to {ids[-1]}: imprint migrate history lists them.")
    return revision


def upwards(start: str | None, to: str, history: History = History.TENANT) -> tuple[Stage, ...]:
    """What brings a schema from `start` (None: empty) up to `to`; nothing where it is there or beyond. Raises OwnTransaction, UnreadableIndex."""
    return tuple(_stages(history, _between(start, to, history), down=False))


def downwards(start: str, to: str) -> tuple[Stage, ...]:
    """What takes a tenant back to `to`. Raises Irreversible, OwnTransaction."""
    way = list(reversed(_between(to, start, History.TENANT)))
    stuck = [revision.id for revision in way if not revision.reversible]
    if stuck:
        raise Irreversible(f"Revision {stuck[0]} has no way down: restore from a backup, or write a new revision that mends it going forward.")
    return tuple(_stages(History.TENANT, way, down=True))


def _between(after: str | None, to: str, history: History) -> list[Revision]:
    """The revisions that follow `after`, up to and with `to`."""
    line = revisions(history)
    ids = [revision.id for revision in line]
    return list(line[ids.index(after) + 1 if after else 0 : ids.index(to) + 1])


def _stages(history: History, way: Sequence[Revision], *, down: bool) -> Iterator[Stage]:
    for together, group in groupby(enumerate(way), lambda at: -1 if at[1].execution is Execution.REPLAYED else at[0]):
        part = [revision for _, revision in group]
        execution = Execution.REPLAYED if together == -1 else part[0].execution
        texts = () if execution is Execution.PYTHON else _rendered(history, *_ends(part, down=down), down=down)
        require_none_of_its_own(texts)
        if history is History.TENANT and execution is Execution.REPLAYED and not down:
            yield from _replayed(part, texts)
        else:
            yield Stage(execution, *_ends(part, down=down), texts, (), down, tuple(revision.id for revision in part))


def _ends(part: Sequence[Revision], *, down: bool) -> tuple[str | None, str | None]:
    """Where a way through these revisions begins and ends."""
    return (part[0].id, part[-1].down) if down else (part[0].down, part[-1].id)


def _replayed(way: Sequence[Revision], texts: Sequence[str]) -> Iterator[Stage]:
    """As few stages as can be, each ended before a revision that needs an index which may still have to be built then."""
    part: list[Revision] = []
    before: list[str] = []
    for revision, own in zip(way, _by_revision(texts), strict=True):
        indexes = list(guarded(before))
        if any(needs(statement, index) for text in own for statement in statements(text) for index in indexes):
            yield _replayed_at_once(part, before)
            part, before = [], []
        part.append(revision)
        before += own
    yield _replayed_at_once(part, before)


def _replayed_at_once(part: Sequence[Revision], texts: Sequence[str]) -> Stage:
    ids = tuple(revision.id for revision in part)
    return Stage(Execution.REPLAYED, *_ends(part, down=False), tuple(texts), tuple(guarded(texts)), revisions=ids)


def _by_revision(texts: Sequence[str]) -> Iterator[list[str]]:
    """Each revision's statements end with the one that writes the version row."""
    own: list[str] = []
    for text in texts:
        own.append(text)
        if writes_version(text):
            yield own
            own = []


def _rendered(history: History, start: str | None, to: str | None, *, down: bool) -> tuple[str, ...]:
    from migrations.rendering import downgrade_statements, upgrade_statements  # noqa: PLC0415 - Alembic is loaded only when there is something to do

    if down:
        return downgrade_statements(history, str(start), to or "base")
    return upgrade_statements(history, start, str(to))
