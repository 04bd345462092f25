"""What a browser brings back from an OAuth 2 or OpenID provider."""

from __future__ import annotations

from auth.http.context import AnyRequest
from auth.sso.checks import refused

GOOD_FOR = 600
_ANSWER = ("code", "state", "iss", "error", "error_description")


def answer_of(request: AnyRequest) -> dict[str, str]:
    """Each parameter once; what came twice is not taken. Raises SignInRefused."""
    found = {name: request.query_params.getall(name, []) for name in _ANSWER}
    if any(len(values) > 1 for values in found.values()):
        raise refused("answer_form", "each parameter once", "one of them twice")
    return {name: values[0] for name, values in found.items() if values}
