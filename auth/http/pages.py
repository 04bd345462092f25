"""Pages: rendered here, and sent with headers that leave scripts, frames and other sites nothing to hold on to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie

from auth.http.assets import ASSETS

FOLDER = Path(__file__).parent.parent / "templates"


def policy(*, forms_to: str = "'self'", images: str = "", scripts: str = "") -> str:
    """The Content-Security-Policy of a page, without scripts unless told otherwise.

    `forms_to`: where its forms may lead, redirects included. `images`: where besides this address they may come from.
    `scripts`: where they may come from.
    """
    may_run = f"script-src {scripts}; " if scripts else ""
    return (
        f"default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data: {images}".rstrip() + "; "
        f"{may_run}form-action {forms_to}; frame-ancestors 'none'; base-uri 'none'"
    )


def page_headers(csp: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": csp,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def page_environment(*folders: Path) -> Environment:
    """Templates of these folders, then of this package: whatever a person typed is escaped, an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader([*folders, FOLDER]), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["asset"] = ASSETS.url
    return environment


_PAGES = page_environment()


def page(
    template: str,
    *,
    status: int = 200,
    cookies: tuple[Cookie, ...] = (),
    csp: str | None = None,
    headers: dict[str, str] | None = None,
    pages: Environment | None = None,
    **values: Any,
) -> Response[str]:
    """`pages`: where the template is from, if not from this package."""
    body = (pages or _PAGES).get_template(template).render(values)
    sent = page_headers(csp or policy()) | (headers or {})
    return Response(body, status_code=status, media_type="text/html", headers=sent, cookies=cookies)


def redirect(path: str, *, cookies: tuple[Cookie, ...] = ()) -> Response[str]:
    """Go on with GET (RFC 9110, 15.4.4 See Other)."""
    headers = {"Location": path, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    return Response("", status_code=303, media_type="text/html", headers=headers, cookies=cookies)
