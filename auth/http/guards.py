"""Forms of people who are not signed in yet: bound to a cookie that only this host can set."""

from __future__ import annotations

from litestar.datastructures import Cookie

from auth.cookies import read_cookie
from auth.errors import CrossSite
from auth.forms import form_token, matches
from auth.http.context import AnyRequest, check_origin, tenant_of
from auth.opaque import LONGEST, new_opaque
from auth.parts import Parts


def bind_form(parts: Parts, request: AnyRequest, purpose: str) -> tuple[str, tuple[Cookie, ...]]:
    """The form's hidden token, and the cookie it is bound to where the browser has none yet."""
    key = tenant_of(request).key.key
    brought = form_cookie(parts, request)
    if brought:
        return form_token(key, purpose, brought), ()
    fresh = new_opaque()
    return form_token(key, purpose, fresh), (parts.cookies.set(parts.cookies.form, fresh),)


def form_for(request: AnyRequest, purpose: str, browser: str) -> str:
    """The form's hidden token for a browser that is known, or has just been given its cookie."""
    return form_token(tenant_of(request).key.key, purpose, browser)


def check_own_form(parts: Parts, request: AnyRequest, purpose: str, given: str) -> None:
    """Raises CrossSite unless the form was made by us, for this browser and this purpose."""
    check_origin(parts, request)
    bound_to = form_cookie(parts, request) or ""
    if not any(matches(key, purpose, bound_to, given) for key in tenant_of(request).key.all):
        raise CrossSite


def bind_front_form(parts: Parts, request: AnyRequest, purpose: str) -> tuple[str, tuple[Cookie, ...]]:
    """As `bind_form`, at the installation's own address."""
    key = parts.front.form_keys[0]
    brought = form_cookie(parts, request)
    if brought:
        return form_token(key, purpose, brought), ()
    fresh = new_opaque()
    return form_token(key, purpose, fresh), (parts.cookies.set(parts.cookies.form, fresh),)


def check_front_form(parts: Parts, request: AnyRequest, purpose: str, given: str) -> None:
    """As `check_own_form`, at the installation's own address."""
    check_origin(parts, request)
    bound_to = form_cookie(parts, request) or ""
    if not any(matches(key, purpose, bound_to, given) for key in parts.front.form_keys):
        raise CrossSite


def session_cookies(parts: Parts, secret: str) -> tuple[Cookie, ...]:
    """What a browser gets when it signs in: a session nobody knew before; what its forms were bound to is forgotten."""
    names = parts.cookies
    return (names.set(names.session, secret, max_age=parts.settings.browser_lifetime), names.forget(names.form))


def form_cookie(parts: Parts, request: AnyRequest) -> str | None:
    """What the forms of somebody who is not signed in are bound to."""
    value = read_cookie(request.headers.get("cookie", ""), parts.cookies.form)
    return value if value and len(value) <= LONGEST else None


def setup_secret(parts: Parts, request: AnyRequest) -> str | None:
    """What tells the browser in which a set-up link was opened."""
    value = read_cookie(request.headers.get("cookie", ""), parts.cookies.setup)
    return value if value and len(value) <= LONGEST else None
