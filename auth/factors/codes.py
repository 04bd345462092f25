"""Codes of authenticators (RFC 6238: SHA-1, six digits, thirty seconds, as every authenticator has them) and on paper. Pure."""

from __future__ import annotations

import base64
import hmac
import secrets

import pyotp

STEP = 30
DIGITS = 6
SECRET_BYTES = 20
EITHER_WAY = 1
CODES = 10
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_HALF = 5


def new_secret() -> str:
    """160 random bits in base 32 (RFC 4226, 4, R6)."""
    return pyotp.random_base32(32)


def secret_for(seed: str, browser: str) -> str:
    """What a browser is shown of an authenticator that is being set up: the same each time there, and another one in every other browser."""
    return base64.b32encode(hmac.digest(base64.b32decode(seed), f"authenticator\0{browser}".encode(), "sha256")[:SECRET_BYTES]).decode()


def step_of(secret: str, code: str, now: float, last_step: int) -> int | None:
    """The time step of this code, where it is one of now, of half a minute ago or to come, and later than the last that was taken."""
    if len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return None
    totp, current = pyotp.TOTP(secret), int(now) // STEP
    found = None
    for step in range(current - EITHER_WAY, current + EITHER_WAY + 1):
        # Every step is compared, so that the time taken tells nothing.
        if hmac.compare_digest(totp.at(step * STEP), code) and step > last_step:
            found = step
    return found


def address_of(secret: str, *, issuer: str, account: str) -> str:
    """What an authenticator reads from the picture (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def new_recovery_codes() -> list[str]:
    """49 random bits each, like 7QF3K-M2TDX."""
    return [f"{_part()}-{_part()}" for _ in range(CODES)]


def plain(code: str) -> str:
    """A code as it was typed, without what people add: spaces, hyphens, small letters."""
    return code.replace(" ", "").replace("-", "").upper()


def _part() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_HALF))
