"""Which HTTP status each refusal is."""

from __future__ import annotations

from auth.errors import InvalidRequest, LinkSpent, TooLarge, TooSlow, UnsupportedMedia
from auth.sso.checks import ConnectionUnavailable
from tenants.errors import Conflict, Forbidden, NotFound, RateLimited, Refusal, RetryLater, Unauthenticated

_STATUSES: tuple[tuple[type[Refusal], int], ...] = (
    (ConnectionUnavailable, 503),
    (UnsupportedMedia, 415),
    (TooLarge, 413),
    (TooSlow, 408),
    (InvalidRequest, 400),
    (LinkSpent, 410),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (RateLimited, 429),
    (RetryLater, 503),
)


def status_of(refusal: Refusal) -> int:
    """The most telling status; 400 for rules that have none of their own."""
    return next((status for kind, status in _STATUSES if isinstance(refusal, kind)), 400)


def retry_headers(refusal: Refusal) -> dict[str, str]:
    return {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, RetryLater) else {}


def refusal_headers(refusal: Refusal) -> dict[str, str]:
    """When to try again, and how to say who one is (RFC 9110, 10.2.3 and 11.6.1)."""
    return retry_headers(refusal) | ({"WWW-Authenticate": "Bearer"} if isinstance(refusal, Unauthenticated) else {})
