"""The two histories of revisions, read from their files without importing Alembic."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tenants.errors import Refusal


class History(StrEnum):
    CONTROL = "control"
    TENANT = "tenant"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where revision files lie: the release's own, then what `try_out` added."""
        return (Path(__file__).parent / self.value / "versions", *_TRIED_OUT.get(self, ()))


class BrokenHistory(Refusal):
    """Revision files that do not form one line from the first to the head, or cannot be run."""

    code = "BROKEN_HISTORY"


class Execution(StrEnum):
    """How a revision is run; its file says `execution: str = "…"` where it is not replayed."""

    REPLAYED = "replayed"
    """Rendered to SQL once, replayed in one transaction for each tenant."""
    OUTSIDE_TRANSACTION = "outside_transaction"
    """Rendered to SQL once; each statement by itself, and safe to repeat (CREATE INDEX CONCURRENTLY)."""
    PYTHON = "python"
    """Run by Alembic in a process of its own, once for each tenant, in one transaction."""


@dataclass(frozen=True, slots=True)
class Revision:
    """`says` is the file's docstring; `reversible` whether it has a way down."""

    id: str
    down: str | None
    path: Path
    says: str = ""
    execution: Execution = Execution.REPLAYED
    reversible: bool = False


_TRIED_OUT: dict[History, tuple[Path, ...]] = {}


def try_out(history: History, folder: Path) -> None:
    """Let revisions in this folder follow the release's own, in this process: one is tried before it is released, or measured."""
    if not folder.is_dir():
        raise BrokenHistory(f"{folder} is no folder of revisions")
    _TRIED_OUT[history] = (folder,)
    revisions.cache_clear()


@cache
def revisions(history: History) -> tuple[Revision, ...]:
    """Every revision, first to head. Raises BrokenHistory."""
    by_down: dict[str | None, Revision] = {}
    for path in sorted(path for folder in history.folders for path in folder.glob("[0-9]*.py")):
        revision = _read(path)
        if revision.down in by_down:
            raise BrokenHistory(f"{path.name} and {by_down[revision.down].path.name} both follow {revision.down}: rebase one of them")
        by_down[revision.down] = revision
    line: list[Revision] = []
    while (following := by_down.pop(line[-1].id if line else None, None)) is not None:
        line.append(following)
    if by_down:
        raise BrokenHistory(f"{', '.join(r.path.name for r in by_down.values())} follow no revision: mend down_revision")
    return tuple(line)


def head(history: History) -> str:
    return revisions(history)[-1].id


def knows(history: History, revision: str | None) -> bool:
    """Whether this release can go on from the revision; one that it does not know is a later release's."""
    return revision is None or revision in {known.id for known in revisions(history)}


def is_behind(history: History, revision: str | None) -> bool:
    return revision != head(history) and knows(history, revision)


def _read(path: Path) -> Revision:
    tree = ast.parse(path.read_text())
    values: dict[str, str | None] = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Constant):
            values[node.target.id] = node.value.value if isinstance(node.value.value, str) else None
    if "revision" not in values or "down_revision" not in values:
        raise BrokenHistory(f"{path.name} states no revision and down_revision")
    execution = values.get("execution") or Execution.REPLAYED
    if execution not in set(Execution):
        raise BrokenHistory(f"{path.name} states the execution {execution!r}: it is one of {', '.join(Execution)}")
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    says = ast.get_docstring(tree) or ""
    return Revision(str(values["revision"]), values["down_revision"], path, says, Execution(execution), "downgrade" in functions)
