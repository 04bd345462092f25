"""The console's addresses, and how they refuse."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, Router
from litestar.di import Provide

from app.admin.frame import LARGEST, SignInFirst
from app.admin.sign_on import certificates, connection, guided, links, overview, policies, provisioning, rehearsal, setup, values
from app.bus import Bus
from auth.http.context import AnyRequest
from auth.http.pages import redirect
from auth.http.routes import refused
from auth.http.speaking import listening
from auth.parts import Parts
from tenants.errors import Refusal


def console(parts: Parts, bus: Bus) -> Router:
    """What the server mounts at its root. Forms may hold a provider's metadata, so they may be larger than those of signing in."""
    return Router(
        "/",
        route_handlers=[
            overview.enter_console,
            overview.show_sign_on,
            overview.change_domains,
            setup.choose_kind,
            setup.show_setup,
            setup.set_up,
            policies.show_policies,
            policies.change_policies,
            certificates.change_certificates,
            connection.show_connection,
            connection.change_connection,
            values.show_values,
            values.change_values,
            connection.switch_connection,
            connection.remove_connection,
            provisioning.change_provisioning,
            rehearsal.begin_rehearsal,
            rehearsal.show_rehearsal,
            links.show_links,
            links.change_links,
            guided.enter_setup,
            guided.begin_setup,
            guided.choose_guest_kind,
            guided.show_guest_setup,
            guided.set_up_as_guest,
            guided.show_guest_connection,
            guided.begin_guest_rehearsal,
            guided.show_guest_rehearsal,
            guided.switch_on_as_guest,
            guided.finish_setup,
        ],
        dependencies={
            "parts": Provide(lambda: parts, use_cache=True, sync_to_thread=False),
            "bus": Provide(lambda: bus, use_cache=True, sync_to_thread=False),
        },
        exception_handlers={SignInFirst: _sign_in, Refusal: refused},
        before_request=listening(parts),
        request_max_body_size=LARGEST,
        include_in_schema=False,
    )


def _sign_in(_: AnyRequest, first: SignInFirst) -> Response[str]:
    return redirect(f"/auth/login?{urlencode({'next': first.wanted})}")
