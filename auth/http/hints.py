"""Who somebody is likely to be, as whoever sent them here says (`login_hint`, OpenID Connect Core, 3.1.2.1): it fills forms in and proves nothing."""

from __future__ import annotations

from urllib.parse import urlencode

from auth.http.bodies import storable
from auth.http.context import AnyRequest
from auth.native import LONGEST_LOGIN

HINT = "login_hint"


def hint_of(request: AnyRequest) -> str:
    """Nothing where it is none that could be a login."""
    given = request.query_params.get(HINT, "")
    return given if len(given) <= LONGEST_LOGIN and given.isprintable() and storable(given) else ""


def with_hint(path: str, hint: str) -> str:
    """The path, which has no query yet or one already, with the hint where there is one."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode({HINT: hint})}" if hint else path
