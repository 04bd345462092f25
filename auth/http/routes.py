"""All addresses of this package, in groups: those that answer programs, those that show pages, and those of providers, whose messages are larger."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, Router
from litestar.di import Provide

from auth.errors import ElevationRequired
from auth.http import (
    again,
    answers,
    api_tokens,
    assets,
    authorize,
    branding,
    confirmations,
    devices,
    factors,
    finding,
    inquiries,
    invitations,
    ldap,
    login,
    oauth2,
    oidc,
    passkeys,
    resets,
    saml,
    saml_logout,
    second_factor,
    sign_up,
    tokens,
)
from auth.http.bodies import LARGEST
from auth.http.branding import logo_host
from auth.http.context import AnyRequest
from auth.http.pages import page, policy, redirect
from auth.http.speaking import listening, organization_of
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from tenants.errors import Refusal


def routers(parts: Parts) -> list[Router]:
    """What the server mounts at its root. Every handler is given these parts."""
    given = {"parts": Provide(lambda: parts, use_cache=True, sync_to_thread=False)}
    return [
        Router(
            "/",
            route_handlers=[
                tokens.issue_tokens,
                tokens.refresh_tokens,
                tokens.publish_keys,
                inquiries.introspect,
                inquiries.verify,
                inquiries.publish_metadata,
            ],
            dependencies=given,
            exception_handlers={Refusal: answers.refused},
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
                sign_up.show_sign_up,
                sign_up.ask_for_organization,
                sign_up.show_sign_up_confirmation,
                sign_up.confirm_sign_up,
                sign_up.wait_for_organization,
                sign_up.open_organization,
                resets.show_forgot,
                resets.ask_for_reset,
                resets.show_reset,
                resets.reset_password,
                confirmations.show_confirmation,
                confirmations.confirm_address,
                authorize.authorize,
                ldap.show_directory_form,
                ldap.sign_in_by_directory,
                oidc.begin_at_provider,
                oidc.return_from_provider,
                oidc.hear_of_logout,
                oauth2.begin_at_oauth2,
                oauth2.return_from_oauth2,
                second_factor.show_second_factor,
                second_factor.pass_second_factor,
                factors.show_own_factor,
                factors.change_own_factor,
                again.ask_again,
                again.prove_again,
                factors.add_passkey,
                factors.remove_passkey,
                passkeys.show_passkey,
                passkeys.sign_in_with_passkey,
                devices.show_sessions,
                devices.end_session,
                devices.show_password,
                devices.change_password,
                api_tokens.show_tokens,
                api_tokens.make_token,
                api_tokens.revoke_token,
            ],
            dependencies=given,
            exception_handlers={Refusal: refused},
            before_request=listening(parts),
            request_max_body_size=LARGEST,
            include_in_schema=False,
        ),
        Router(
            "/",
            route_handlers=[
                saml.show_metadata,
                saml.ask_provider,
                saml.take_answer,
                saml.finish,
                saml_logout.hear_by_address,
                saml_logout.hear_by_form,
            ],
            dependencies=given,
            exception_handlers={Refusal: refused},
            before_request=listening(parts),
            request_max_body_size=saml.LARGEST,
            include_in_schema=False,
        ),
        Router("/", route_handlers=[assets.serve_asset, branding.serve_colors], exception_handlers={Refusal: refused}, include_in_schema=False),
    ]


def refused(request: AnyRequest, refusal: Refusal) -> Response[str]:
    """A refusal as a page: what happened and what to do now. Who has to prove again who they are is led there, and back."""
    if isinstance(refusal, ElevationRequired):
        return redirect(f"{refusal.where}?{urlencode({'next': refusal.back})}")
    organization = organization_of(request)
    return page(
        request,
        "refusal.html",
        status=status_of(refusal),
        headers=retry_headers(refusal),
        csp=policy(images=logo_host(organization)) if organization else None,
        organization=organization,
        wrong=refusal.message,
        trace=refusal.extensions().get("trace"),
    )
