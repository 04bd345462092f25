"""The audit log to take along: GET /audit/export on the organization's host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from graphql import GraphQLError
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from app.api.errors import SIGN_IN
from app.api.scalars import moment
from app.management.trail import BEGINNING, Format, Wanted, trail
from auth.http.context import AnyRequest, correlation_of, tenant_of
from tenants.errors import Forbidden, Unauthenticated, ValidationFailed

if TYPE_CHECKING:
    from auth.service import Auth
    from tenants.database import Database

log = structlog.get_logger(__name__)
PARAMETERS = frozenset({"format", "since", "until", "action"})


def export_handler(auth: Auth, database: Database) -> HTTPRouteHandler:
    @get("/audit/export", include_in_schema=False)
    async def export_audit_log(request: Request) -> Stream:  # type: ignore[type-arg] # Litestar reads it at run time
        """For holders of audit.read. `format`: jsonl or csv; `since`, `until`: moments; `action`: as often as wanted."""
        principal = await auth.principal_of(request)
        if principal.user_id is None:
            raise Unauthenticated(SIGN_IN)
        if not principal.may("audit.read"):
            raise Forbidden("You may not read the audit log: ask an administrator for the permission audit.read.")
        wanted, tenant = wanted_of(request), tenant_of(request)
        log.info("audit log exported", tenant=tenant.slug, user_id=str(principal.user_id), correlation_id=str(correlation_of(request)))
        headers = {
            "Content-Disposition": f'attachment; filename="{tenant.slug}-audit.{wanted.format}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Stream(trail(database, tenant, wanted), media_type=wanted.format.media_type, headers=headers)

    return export_audit_log


def wanted_of(request: AnyRequest) -> Wanted:
    """Raises ValidationFailed, with everything that is wrong."""
    given, wrong = request.query_params, dict[str, str]()
    wrong.update({name[:40]: f"is not known; there are {', '.join(sorted(PARAMETERS))}" for name in given if name not in PARAMETERS})
    moments = {"since": BEGINNING, "until": None}
    for name in moments:
        if name in given:
            try:
                moments[name] = moment(given[name])
            except GraphQLError as error:
                wrong[name] = error.message
    chosen = given.get("format", Format.JSONL)
    if chosen not in set(Format):
        wrong["format"] = f"takes {' or '.join(Format)}"
    actions = tuple(given.getall("action", []))
    if any("\0" in action for action in actions):
        wrong["action"] = "holds a character that no action has"
    if wrong:
        raise ValidationFailed(wrong)
    return Wanted(Format(chosen), moments["since"] or BEGINNING, moments["until"], actions)
