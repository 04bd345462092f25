"""The refusals of this package: why somebody is not let in, in words that tell an outsider nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tenants.errors import Forbidden, Refusal, Unauthenticated
from tenants.sentences import as_sentence, sentence


class InvalidCredentials(Unauthenticated):
    """One answer for an unknown person, a wrong password, and anybody who may not sign in."""

    code: ClassVar[str] = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("That e-mail address and password do not match. Check both and try again.")


class WrongPassword(Unauthenticated):
    """Somebody who is signed in did not know their own password."""

    code: ClassVar[str] = "WRONG_PASSWORD"

    def __init__(self) -> None:
        super().__init__("That is not the password you have. Type it again.")


class InvalidCode(Unauthenticated):
    """A second factor's code that is wrong, was used before, or is too old."""

    code: ClassVar[str] = "INVALID_CODE"

    def __init__(self) -> None:
        super().__init__("That code is not good. Wait for the next one, or take one of your recovery codes.")


class TotpRequired(Unauthenticated):
    """The password is right, and the second factor's code has to come with it."""

    code: ClassVar[str] = "TOTP_REQUIRED"

    def __init__(self) -> None:
        super().__init__("This account has a second factor. Send its code as totp, together with the password.")


class PasskeyRequired(Unauthenticated):
    """The password is right, and the second factor is a passkey, which only a browser can use."""

    code: ClassVar[str] = "PASSKEY_REQUIRED"

    def __init__(self) -> None:
        super().__init__("This account's second factor is a passkey. Sign in with a browser at /auth/authorize, or use an API token.")


class SecondFactorMissing(Unauthenticated):
    """The organization wants a second factor of everybody, and this person has none."""

    code: ClassVar[str] = "SECOND_FACTOR_MISSING"

    def __init__(self) -> None:
        super().__init__("Your organization requires a second factor. Sign in with a browser once to set one up, then try again.")


class InvalidGrant(Unauthenticated):
    """A refresh token that is unknown, spent, expired or revoked (RFC 6749, 5.2)."""

    code: ClassVar[str] = "INVALID_GRANT"

    def __init__(self) -> None:
        super().__init__("This refresh token is no longer good. Sign in again.")


class InvalidClient(Unauthenticated):
    """A client that is unknown or has not proven to be the one it says it is (RFC 6749, 5.2)."""

    code: ClassVar[str] = "INVALID_CLIENT"

    def __init__(self) -> None:
        super().__init__("This client is not known here, or its secret is another. Check client_id and client_secret.")


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


class ResetSpent(LinkSpent):
    """The same of a link to choose a new password: whoever forgot it can ask for another by themselves."""

    def __init__(self) -> None:
        Refusal.__init__(self, as_sentence("This link has been used or is too old. Ask for a new one; it works once, for an hour."))


class ElevationRequired(Forbidden):
    """Somebody signed in long ago asks for what takes that they prove again who they are. `back`: the page to which that leads back."""

    code: ClassVar[str] = "ELEVATION_REQUIRED"
    where: ClassVar[str] = "/auth/again"

    def __init__(self, back: str = "/auth/account") -> None:
        super().__init__(
            "For this you must have proven within the last ten minutes who you are: with a browser at /auth/again, with a program by signing in anew."
        )
        self.back = back

    def extensions(self) -> dict[str, object]:
        return {"proveAt": self.where}


class ProviderOnly(Forbidden):
    """The organization's people come in through its provider; this was said to somebody who has proven who they are."""

    code: ClassVar[str] = "PROVIDER_ONLY"

    def __init__(self) -> None:
        super().__init__("Your organization signs in through its provider. Go to the sign-in page and continue with it.")


class OutsideNetworks(Forbidden):
    """Somebody is elsewhere than where the organization lets its people act."""

    code: ClassVar[str] = "NETWORK_NOT_ALLOWED"

    def __init__(self, address: str | None) -> None:
        super().__init__(
            sentence(
                "You are at {address}, outside of the networks that this organization allows. Connect through its network, or ask its administrator.",
                address=address or "?",
            )
        )


class CrossSite(Forbidden):
    """A request that another site's page may have made in this person's name."""

    code: ClassVar[str] = "CSRF_FAILED"

    def __init__(self) -> None:
        super().__init__("This form was open for too long or did not come from this page. Please try again.")


def unauthenticated() -> Unauthenticated:
    """The one answer for every token and session that is not good; why is in the log."""
    return Unauthenticated("This session is over or its token is not good here. Sign in again.")
