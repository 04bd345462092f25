"""What a copy of an organization does not keep. Each package says its own part; whoever composes them tells the operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenants.statements import Statement, statement


@dataclass(frozen=True, slots=True)
class NotKept:
    """`what`, in a few words for the operator; `statements` take no values. None: it is nowhere in what is carried over."""

    what: str
    statements: Sequence[Statement] = ()


NOT_CARRIED = (
    NotKept("hosts of its own: add and verify them again"),
    NotKept("timers: nothing that was due fires in the copy; only what was to expire still does"),
    NotKept("deliveries: nothing of the past is delivered again"),
    NotKept(
        "anchors of its history: the copy's own begin with the next day, or with `imprint events anchor`",
        (statement("DELETE FROM __tenant__.history_anchors"),),
    ),
)
