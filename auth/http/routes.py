"""All addresses of this package, in two groups: those that answer programs and those that show pages."""

from __future__ import annotations

from litestar import Response, Router
from litestar.di import Provide

from auth.http import assets, finding, invitations, login, tokens
from auth.http.bodies import LARGEST
from auth.http.context import AnyRequest
from auth.http.pages import page
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from tenants.errors import Refusal


def routers(parts: Parts) -> list[Router]:
    """What the server mounts at its root. Every handler is given these parts."""
    given = {"parts": Provide(lambda: parts, use_cache=True, sync_to_thread=False)}
    return [
        Router(
            "/",
            route_handlers=[tokens.issue_tokens, tokens.refresh_tokens, tokens.publish_keys],
            dependencies=given,
            exception_handlers={Refusal: tokens.refused},
            request_max_body_size=LARGEST,
            include_in_schema=False,
        ),
        Router(
            "/",
            route_handlers=[
                finding.enter,
                finding.find_organization,
                login.show_login,
                login.sign_in,
                login.ask_to_sign_out,
                login.sign_out,
                login.show_account,
                invitations.show_invitation,
                invitations.accept_invitation,
                assets.serve_asset,
            ],
            dependencies=given,
            exception_handlers={Refusal: refused},
            request_max_body_size=LARGEST,
            include_in_schema=False,
        ),
    ]


def refused(_: AnyRequest, refusal: Refusal) -> Response[str]:
    """A refusal as a page: what happened and what to do now."""
    return page("refusal.html", status=status_of(refusal), headers=retry_headers(refusal), wrong=refusal.message)
