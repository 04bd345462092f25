"""Whether schemas are what their revisions make: facts read from the catalog, compared with a rehearsal's."""

from __future__ import annotations

from migrations.drift.check import Drifted, Findings, drift

__all__ = ["Drifted", "Findings", "drift"]
