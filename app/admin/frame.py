"""What every page of the console has: a guard at its door, the navigation that its person may use, the organization's look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Response
from litestar.datastructures import Cookie

from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, check_form, session_form_token, session_principal
from auth.http.elevation import require_elevated
from auth.http.pages import Pages
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from auth.principal import Principal
from auth.sso.setup_links import SetupLink
from tenants.errors import Forbidden, Refusal, Unauthenticated, ValidationFailed
from tenants.sentences import as_sentence, sentence

# A provider's metadata, pasted; percent-encoding makes it up to three times as large.
LONGEST_FIELD, LARGEST = 256 * 1024, 1024 * 1024
ADMINISTRATORS, GUESTS = "/admin/sign-on", "/admin/set-up"
SAVED = "saved"
MARKED = as_sentence("Nothing was changed. See what is marked below.")
PAGES = Pages(Path(__file__).parent / "templates")


@dataclass(frozen=True, slots=True)
class Room:
    """A part of the console, and the permission that opens it."""

    name: str
    path: str
    permission: str


ROOMS = (Room("Sign-on", "/admin/sign-on", "sso.configure"),)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody without an account in whose browser a set-up link was opened: they connect one provider and see nothing else.

    `form`: the token of their forms.
    """

    link: SetupLink
    form: str


class SignInFirst(Unauthenticated):
    """Whoever asks for a page of the console is nobody yet; `wanted` is where they go on afterwards."""

    def __init__(self, wanted: str) -> None:
        super().__init__("Sign in first.")
        self.wanted = wanted


async def administrator(parts: Parts, request: AnyRequest, permission: str, *, elevated: bool = False) -> Principal:
    """Whoever is signed in and may be here; `elevated`: and has lately proven who they are. Raises SignInFirst, Forbidden, ElevationRequired."""
    principal = await session_principal(parts, request)
    if principal is None:
        raise SignInFirst(request.url.path)
    if not principal.may(permission):
        raise Forbidden(sentence("This page needs the permission {permission}. Ask an administrator of your organization.", permission=permission))
    if elevated:
        require_elevated(request, principal)
    return principal


async def sent_by(parts: Parts, request: AnyRequest, permission: str, fields: frozenset[str]) -> tuple[Principal, dict[str, str]]:
    """Who has sent one of the console's forms, and what is in it. Raises as `administrator`, InvalidRequest, CrossSite."""
    principal = await administrator(parts, request, permission, elevated=True)
    given = await form_fields(request, fields | {"form"}, largest=LARGEST, longest=LONGEST_FIELD, files=True)
    check_form(parts, request, principal, given.pop("form", None))
    return principal, given


async def desk(
    parts: Parts,
    request: AnyRequest,
    who: Principal | Guest,
    template: str,
    *,
    refusal: Refusal | None = None,
    cookies: tuple[Cookie, ...] = (),
    forms_to: str = "'self'",
    **values: Any,
) -> Response[str]:
    """A page of the console; `refusal`: what was refused of the form that it answers."""
    return await branded(
        parts,
        request,
        template,
        pages=PAGES,
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        forms_to=forms_to,
        scripts="'self'",
        rooms=[] if isinstance(who, Guest) else [room for room in ROOMS if who.may(room.permission)],
        guest=isinstance(who, Guest),
        base=GUESTS if isinstance(who, Guest) else ADMINISTRATORS,
        here=request.url.path,
        form=who.form if isinstance(who, Guest) else session_form_token(request, who),
        wrong=refusal.fields if isinstance(refusal, ValidationFailed) else {},
        saved=SAVED in request.query_params and refusal is None,
        refused=MARKED if isinstance(refusal, ValidationFailed) else refusal.message if refusal else "",
        **values,
    )
