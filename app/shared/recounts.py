"""How a context has recounted what is no aggregate: counters, held against raw rows; other tables, against what they follow from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenants.statements import Statement


@dataclass(frozen=True, slots=True)
class Recount:
    """`ids`: what has counters, in order, a batch (`:batch`) of those `:after` one. `differences`: of `:ids`, rows of (id, field, row, recount).

    `type` is what they are called in `imprint events verify`.
    """

    type: str
    ids: Statement
    differences: Statement
    batch: int = 500


RECOUNTS: list[Recount] = []
