"""Pages at an organization's address: with its name, its colour and its mark."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.params import FromPath

from auth.http.assets import KEPT
from auth.http.context import AnyRequest, tenant_of
from auth.http.pages import Pages, page, policy
from auth.parts import Parts
from auth.policies import Decided
from tenants.errors import NotFound

_COLOR = re.compile(r"[0-9a-f]{6}\.css")


async def branded(
    parts: Parts,
    request: AnyRequest,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    cookies: tuple[Cookie, ...] = (),
    forms_to: str = "'self'",
    scripts: str = "",
    pages: Pages | None = None,
    **values: Any,
) -> Response[str]:
    """The page as `page` makes it; its template knows the organization as `organization`. `forms_to`, `scripts`: see `policy`."""
    organization = await parts.policies.of(tenant_of(request))
    csp = policy(forms_to=forms_to, scripts=scripts, images=logo_host(organization))
    return page(request, template, status=status, headers=headers, cookies=cookies, csp=csp, pages=pages, organization=organization, **values)


def logo_host(organization: Decided) -> str:
    """From where its pages show a picture besides their own address; empty: from nowhere."""
    logo = urlsplit(organization.logo_url) if organization.logo_url else None
    return f"{logo.scheme}://{logo.netloc}" if logo else ""


@get("/auth/brand/{name:str}")
async def serve_colors(name: FromPath[str]) -> Response[str]:
    """The accent of pages. The colour is in the name, so that a new one is another file."""
    if not _COLOR.fullmatch(name):
        raise NotFound("There is no such file. Reload the page that named it.")
    headers = {"Cache-Control": KEPT, "X-Content-Type-Options": "nosniff"}
    return Response(f":root {{ --accent: #{name[:6]}; }}\n", media_type="text/css", headers=headers)
