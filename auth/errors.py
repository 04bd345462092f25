"""The refusals of this package: why somebody is not let in, in words that tell an outsider nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tenants.errors import Forbidden, Refusal, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """One answer for an unknown person, a wrong password, and anybody who may not sign in."""

    code: ClassVar[str] = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("That e-mail address and password do not match. Check both and try again.")


class InvalidGrant(Unauthenticated):
    """A refresh token that is unknown, spent, expired or revoked (RFC 6749, 5.2)."""

    code: ClassVar[str] = "INVALID_GRANT"

    def __init__(self) -> None:
        super().__init__("This refresh token is no longer good. Sign in again.")


class InvalidRequest(Refusal):
    """A body that is not what the address takes; `fields` says which part is wrong where that is known."""

    code: ClassVar[str] = "INVALID_REQUEST"

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})

    def extensions(self) -> dict[str, object]:
        return {"fields": self.fields} if self.fields else {}


class UnsupportedMedia(InvalidRequest):
    """A content type that this address does not take; HTML forms cannot send the one it takes."""

    code: ClassVar[str] = "UNSUPPORTED_MEDIA_TYPE"


class TooLarge(InvalidRequest):
    code: ClassVar[str] = "PAYLOAD_TOO_LARGE"


class TooSlow(InvalidRequest):
    """A body that did not come whole in the time there is for it (RFC 9110, 15.5.9)."""

    code: ClassVar[str] = "REQUEST_TIMEOUT"

    def __init__(self) -> None:
        super().__init__("The body took too long to arrive. Send the request again.")


class LinkSpent(Refusal):
    """A one-time link that is unknown, used, or past its time; which of them, nobody is told."""

    code: ClassVar[str] = "LINK_SPENT"

    def __init__(self) -> None:
        super().__init__("This link has been used or is too old. Ask the person who invited you for a new one.")


class CrossSite(Forbidden):
    """A request that another site's page may have made in this person's name."""

    code: ClassVar[str] = "CSRF_FAILED"

    def __init__(self) -> None:
        super().__init__("This form was open for too long or did not come from this page. Please try again.")


def unauthenticated() -> Unauthenticated:
    """The one answer for every token and session that is not good; why is in the log."""
    return Unauthenticated("This session is over or its token is not good here. Sign in again.")
