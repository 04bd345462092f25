"""A browser takes a message to a SAML provider."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from litestar import Response
from litestar.datastructures import Cookie

from auth.http.branding import branded
from auth.http.context import AnyRequest
from auth.http.pages import redirect
from auth.parts import Parts
from auth.saml.module import SamlModule
from auth.sso.connections import Connection

if TYPE_CHECKING:
    from auth.saml.messages import Sent


async def handed_over(parts: Parts, request: AnyRequest, connection: Connection, sent: Sent, cookies: tuple[Cookie, ...] = ()) -> Response[str]:
    """By an address alone, or by a form."""
    if not sent.fields:
        return redirect(sent.url, cookies=cookies)
    # A provider may send the form's answer on to other addresses of its own.
    leads_to = f"https: {urlsplit(sent.url).scheme}:"
    return await branded(
        parts,
        request,
        "handover.html",
        forms_to=leads_to,
        scripts="'self'",
        cookies=cookies,
        label=connection.label,
        url=sent.url,
        fields=sent.fields,
    )


def module_of(parts: Parts) -> SamlModule:
    module = parts.modules["saml"]
    assert isinstance(module, SamlModule)  # noqa: S101 - `auth.modules` says so
    return module
