"""What a run is going to do, before it does anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache

from migrations.history import History, head, knows, revisions
from migrations.serving import OLDEST_SERVED, serves
from migrations.stages import Stage, downwards, known, upwards
from migrations.survey import Standing
from migrations.waves import WaveSize, waves
from tenants.errors import NotFound

DEFAULT_PATIENCE = 60.0
NAMED = 10


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator asks of a run.

    `tenants` and `canary` are patterns of slugs; `halt_at` is the share of a wave that may fail or meet locks; seconds:
    `patience` with a tenant whose locks others hold, `budget` for one tenant's transaction, `index_patience` with whoever
    holds up an index that is built beside the work, `wait` for another run to end. `index_rows`: tables with more rows get
    their indexes built beside the work. `unchecked`: also revisions that the linter finds unsafe.
    """

    to: str | None = None
    tenants: str = "*"
    canary: str = ""
    jobs: int = 2
    wave: WaveSize | None = None
    keep_going: bool = False
    halt_at: float = 0.2
    patience: float = DEFAULT_PATIENCE
    budget: float = 10.0
    index_rows: int = 10_000
    index_patience: float = 60.0
    wait: float = 0.0
    unchecked: bool = False

    def as_json(self) -> dict[str, object]:
        """What the ledger keeps."""
        wave = f"{self.wave.number}{'%' if self.wave.percent else ''}" if self.wave else None
        return {
            "tenants": self.tenants,
            "canary": self.canary,
            "jobs": self.jobs,
            "wave": wave,
            "keep_going": self.keep_going,
            "unchecked": self.unchecked,
        }


@dataclass(frozen=True, slots=True)
class Move:
    """One tenant and its way. Without stages only its unbuilt indexes are to be built."""

    tenant: Standing
    to: str
    stages: tuple[Stage, ...]

    @property
    def statements(self) -> int:
        return sum(len(stage.statements) for stage in self.stages)

    @property
    def down(self) -> bool:
        return bool(self.stages) and self.stages[0].down


@dataclass(frozen=True, slots=True)
class Plan:
    """`command` is up or down; `skipped` tenants are there already, beyond, or of a later release."""

    command: str
    to: str
    waves: list[list[Move]]
    skipped: int
    warnings: list[str] = field(default_factory=list)

    @property
    def moves(self) -> list[Move]:
        return [move for wave in self.waves for move in wave]

    @property
    def start(self) -> str | None:
        """The oldest revision that a tenant of this plan stands at."""
        order = [revision.id for revision in revisions(History.TENANT)]
        return min((m.tenant.revision for m in self.moves if m.tenant.revision in order), key=lambda r: order.index(str(r)), default=None)

    def lines(self) -> list[str]:
        """The plan for people."""
        ways = Counter((move.tenant.revision, len(move.stages), move.statements) for move in self.moves if move.stages)
        lines = []
        for (start, stages, statements), count in sorted(ways.items(), key=str):
            in_stages = f" in {stages} stages" if stages > 1 else ""
            lines.append(f"{self.command}: {count} tenants {start or 'empty'} → {self.to}, {statements} statements each{in_stages}")
        if self.moves:
            named = ", ".join(move.tenant.slug for move in self.moves[:NAMED])
            more = f" and {len(self.moves) - NAMED} more" if len(self.moves) > NAMED else ""
            lines.append(f"these: {named}{more}")
        unbuilt = sum(1 for move in self.moves if move.tenant.unbuilt)
        if unbuilt:
            lines.append(f"{unbuilt} tenants have indexes still to be built")
        if self.skipped:
            lines.append(f"{self.skipped} tenants are there already")
        if len(self.waves) > 1:
            sizes = ", ".join(str(len(wave)) for wave in self.waves[:12]) + (", …" if len(self.waves) > 12 else "")  # noqa: PLR2004 - a line's worth
            lines.append(f"{len(self.waves)} waves of {sizes}; the first: {', '.join(move.tenant.slug for move in self.waves[0][:NAMED])}")
        return lines + self.warnings

    def as_json(self) -> dict[str, object]:
        moves = [
            {"slug": move.tenant.slug, "from": move.tenant.revision, "to": move.to, "statements": move.statements, "wave": number}
            for number, wave in enumerate(self.waves, start=1)
            for move in wave
        ]
        return {"command": self.command, "from": self.start, "to": self.to, "skipped": self.skipped, "plan": moves, "warnings": self.warnings}


def up_plan(standing: Sequence[Standing], options: Options) -> Plan:
    """Raises NotFound for a revision that is not known, and for a canary that nobody is."""
    to = known(options.to) if options.to else head(History.TENANT)
    way = cache(lambda start: upwards(start, to))
    order = [None, *(revision.id for revision in revisions(History.TENANT))]
    moves = []
    for tenant in standing:
        behind = tenant.revision in order and order.index(tenant.revision) < order.index(to)
        if behind or tenant.unbuilt:
            moves.append(Move(tenant, to, way(tenant.revision) if behind else ()))
    return Plan("up", to, _in_waves(standing, moves, options), len(standing) - len(moves), _of_later_releases(standing))


def down_plan(standing: Sequence[Standing], options: Options) -> Plan:
    """Raises NotFound for a revision that is not known and for a canary that nobody is, Irreversible where there is no way down."""
    to = known(str(options.to))
    way = cache(lambda start: downwards(start, to))
    order = [revision.id for revision in revisions(History.TENANT)]
    beyond = [tenant for tenant in standing if tenant.revision in order and order.index(str(tenant.revision)) > order.index(to)]
    moves = [Move(tenant, to, way(tenant.revision)) for tenant in beyond]
    warnings = _of_later_releases(standing)
    if not serves(to):
        warnings.append(f"this release serves tenants from {OLDEST_SERVED} on: those taken below answer 503 until they are up again")
    return Plan("down", to, _in_waves(standing, moves, options), len(standing) - len(moves), warnings)


def _of_later_releases(standing: Sequence[Standing]) -> list[str]:
    """What only their own release can move."""
    count = sum(1 for tenant in standing if not knows(History.TENANT, tenant.revision))
    return [f"{count} tenants are at revisions of a later release and are left as they are"] if count else []


def _in_waves(standing: Sequence[Standing], moves: Sequence[Move], options: Options) -> list[list[Move]]:
    """Canaries are those that the pattern names; where waves are asked for and no canary is named, the first tenant is one.

    A canary may be there already: the run is then one that goes on. Raises NotFound where a pattern names nobody at all.
    """
    if options.canary and standing and not any(fnmatchcase(tenant.slug, options.canary) for tenant in standing):
        raise NotFound(f"No organization of this run matches the canary {options.canary!r}: imprint tenants list shows those there are.")
    canaries = [move for move in moves if options.canary and fnmatchcase(move.tenant.slug, options.canary)]
    if options.wave and not options.canary:
        canaries = list(moves[:1])
    chosen = {move.tenant.id for move in canaries}
    return waves(canaries, [move for move in moves if move.tenant.id not in chosen], options.wave)
