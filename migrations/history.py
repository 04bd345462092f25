"""The two histories of revisions, read from their files without importing Alembic."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path


class History(StrEnum):
    CONTROL = "control"
    TENANT = "tenant"

    @property
    def folder(self) -> Path:
        return Path(__file__).parent / self.value


class BrokenHistory(Exception):
    """Revision files that do not form one line from the first to the head."""


@dataclass(frozen=True, slots=True)
class Revision:
    id: str
    down: str | None
    path: Path


@cache
def revisions(history: History) -> tuple[Revision, ...]:
    """Every revision, first to head. Raises BrokenHistory."""
    by_down: dict[str | None, Revision] = {}
    for path in sorted((history.folder / "versions").glob("[0-9]*.py")):
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
    values: dict[str, str | None] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Constant):
            values[node.target.id] = node.value.value if isinstance(node.value.value, str) else None
    if "revision" not in values or "down_revision" not in values:
        raise BrokenHistory(f"{path.name} states no revision and down_revision")
    return Revision(str(values["revision"]), values["down_revision"], path)
