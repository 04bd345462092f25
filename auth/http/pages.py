"""Pages: rendered here, and sent with headers that leave scripts, frames and other sites nothing to hold on to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie

from auth.catalogs import Wording, wording
from auth.http.assets import ASSETS
from auth.http.context import AnyRequest
from auth.http.speaking import choices, chosen, language_of
from auth.languages import ENGLISH

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


def page_environment(*folders: Path, words: Wording | None = None) -> Environment:
    """Templates of these folders, then of this package: whatever a person typed is escaped, an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader([*folders, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    spoken = words or wording(ENGLISH)
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(spoken.gettext, spoken.ngettext, newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    environment.filters |= {"said": spoken.said, "date": spoken.date, "moment": spoken.moment, "number": spoken.number}
    environment.globals |= {"asset": ASSETS.url, "language": spoken.language}
    return environment


class Pages:
    """Templates of some folders in every language. Catalogs lie beside them, in `locales`."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._spoken: dict[str, Environment] = {}

    def render(self, template: str, language: str, values: dict[str, Any]) -> str:
        return self._environment(language).get_template(template).render(values)

    def _environment(self, language: str) -> Environment:
        known = self._spoken.get(language)
        if known is None:
            words = wording(language, *(folder.parent / "locales" for folder in self._folders))
            known = self._spoken[language] = page_environment(*self._folders, words=words)
        return known


_PAGES = Pages()


def page(
    request: AnyRequest,
    template: str,
    *,
    status: int = 200,
    cookies: tuple[Cookie, ...] = (),
    csp: str | None = None,
    headers: dict[str, str] | None = None,
    pages: Pages | None = None,
    **values: Any,
) -> Response[str]:
    """In the language of whoever asks. `pages`: where the template is from, if not from this package."""
    language = language_of(request)
    body = (pages or _PAGES).render(template, language, {"languages": choices(request), **values})
    sent = page_headers(csp or policy()) | {"Content-Language": language} | (headers or {})
    return Response(body, status_code=status, media_type="text/html", headers=sent, cookies=(*cookies, *chosen(request)))


def redirect(path: str, *, cookies: tuple[Cookie, ...] = ()) -> Response[str]:
    """Go on with GET (RFC 9110, 15.4.4 See Other)."""
    headers = {"Location": path, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    return Response("", status_code=303, media_type="text/html", headers=headers, cookies=cookies)
