"""No kind of aggregate is left out when histories are replayed."""

from __future__ import annotations

import re
from pathlib import Path

import app.replay  # noqa: F401 - fills the registry
from app.shared.snapshots import SNAPSHOTS

APP = Path(__file__).parents[2] / "app"
KIND = re.compile(r'^    type: ClassVar\[str\] = "(\w+)"$', re.MULTILINE)


def test_every_kind_of_aggregate_says_how_its_rows_are_compared() -> None:
    kinds = {kind for path in APP.rglob("*.py") for kind in KIND.findall(path.read_text())}

    assert len(kinds) >= 5
    assert kinds == SNAPSHOTS.keys()
