"""Linting one revision after another that was there before."""

from __future__ import annotations

from pathlib import Path

from migrations.history import Revision
from migrations.lint.checking import Rendered, judged
from migrations.lint.context import Past
from tests.unit.migrations.lint_examples import Example


def broken(example: Example, folder: Path, source: str = "") -> list[tuple[str, str]]:
    """(rule, statement) for everything found in the example's revision."""
    path = folder / "0002_example.py"
    path.write_text(source)
    past = Past()
    before = Revision("0001", None, path, "Expand.")
    judged(example.history, before, Rendered(example.earlier), past)
    revision = Revision("0002", "0001", path, example.says, example.execution)
    return [(finding.rule, finding.statement) for finding in judged(example.history, revision, Rendered(example.statements), past)]
