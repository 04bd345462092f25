"""No revision runs on tenants in use that the linter finds unsafe."""

from __future__ import annotations

from migrations.history import History
from migrations.plan import Plan
from tenants.errors import Refusal


class UnsafeRevision(Refusal):
    """A revision that is about to run breaks a rule of `imprint migrate check`."""

    code = "UNSAFE_REVISION"


def require_safe(plan: Plan) -> None:
    """Judges the revisions that this plan goes up through. Raises UnsafeRevision."""
    going = {revision for move in plan.moves for stage in move.stages for revision in stage.revisions}
    if not going:
        return
    from migrations.lint import check  # noqa: PLC0415 - only where there is something to run

    found = [finding for finding in check() if finding.history is History.TENANT and finding.revision in going]
    if found:
        first = found[0]
        more = f" There are {len(found) - 1} more findings." if len(found) > 1 else ""
        raise UnsafeRevision(
            f"Revision {first.revision} breaks the rule {first.rule}: {first.why} Instead: {first.instead}{more} Nothing was changed; "
            "imprint migrate check lists all of them, and says how a revision states an exception."
        )
