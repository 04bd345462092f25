"""Measuring two servers in turn, so that a machine whose speed drifts treats both alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ops.bench.load import Figures, Target, measure
from ops.bench.report import Line

ROUNDS = 5
SECONDS = 2.0
WARM_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Side:
    """One server and what it is asked, in turn."""

    target: Target
    requests: Sequence[bytes]


async def compare(what: str, product: Side, floor: Side, *, target: float, connections: int = 16) -> Line:
    """Requests per second of the product over the floor's: the median of the rounds' ratios.

    Raises RuntimeError where an answer was not 200: such a figure would say nothing.
    """
    for side in (product, floor):
        await measure(side.target, side.requests, connections=connections, seconds=WARM_SECONDS)
    ours: list[Figures] = []
    theirs: list[Figures] = []
    for _ in range(ROUNDS):
        theirs.append(await measure(floor.target, floor.requests, connections=connections, seconds=SECONDS))
        ours.append(await measure(product.target, product.requests, connections=connections, seconds=SECONDS))
    failed = next((figures.failed for figures in (*ours, *theirs) if figures.failed), None)
    if failed:
        raise RuntimeError(f"{what}: an answer was not 200: {failed.decode(errors='replace')}")
    ratio = median(mine.per_second / other.per_second for mine, other in zip(ours, theirs, strict=True))
    return Line(what, _said(ours), _said(theirs), ratio, target)


def _said(rounds: Sequence[Figures]) -> str:
    per_second, p50, p99 = (median(getattr(figures, name) for figures in rounds) for name in ("per_second", "p50", "p99"))
    return f"{per_second:,.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms"
