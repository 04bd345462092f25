"""Whether a provider that was told to ask somebody again has done so (SAML 2.0 Core, 3.4.1, ForceAuthn)."""

from __future__ import annotations

from datetime import datetime, timedelta

from auth.saml.validity import written
from auth.sso.checks import Checks

AUTHENTICATED_WITHIN = timedelta(minutes=10)


def check_authenticated(checks: Checks, instant: datetime | None, *, skew: timedelta, now: datetime) -> None:
    """`instant`: the AuthnInstant, None where it cannot be read. Raises SignInRefused.

    The request goes through the browser of whoever has to prove who they are, and need not be signed: they can take ForceAuthn out of it.
    """
    recent = instant is not None and now - AUTHENTICATED_WITHIN - skew <= instant <= now + skew
    checks.require("authenticated_anew", "a sign-in of the last minutes", written(instant), when=recent)
