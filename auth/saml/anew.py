"""Whether a provider that was told to ask somebody again has done so (SAML 2.0 Core, 3.4.1, ForceAuthn)."""

from __future__ import annotations

from datetime import datetime, timedelta

from auth.sso.checks import Checks

AUTHENTICATED_WITHIN = timedelta(minutes=10)


def check_authenticated(checks: Checks, instants: tuple[datetime | None, ...], *, skew: timedelta, now: datetime) -> None:
    """`instants`: the AuthnInstant of each statement, None where it cannot be read. Raises SignInRefused.

    The request goes through the browser of whoever has to prove who they are, and need not be signed: they can take ForceAuthn out of it.
    """
    recent = [instant is not None and now - AUTHENTICATED_WITHIN - skew <= instant <= now + skew for instant in instants]
    said = ", ".join(f"{instant:%Y-%m-%dT%H:%M:%SZ}" if instant else "a time that cannot be read" for instant in instants)
    checks.require("authenticated_anew", "a sign-in of the last minutes", said or "none", when=bool(recent) and all(recent))
