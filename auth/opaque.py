"""Opaque values: random bytes that mean nothing in themselves. What is stored is their hash."""

from __future__ import annotations

import hashlib
import secrets

OPAQUE_BYTES = 32
LONGEST = 128


def new_opaque() -> str:
    """256 random bits, base64url: 43 characters."""
    return secrets.token_urlsafe(OPAQUE_BYTES)


def digest(value: str) -> bytes:
    """SHA-256. Enough here, since the value has all of its entropy already; passwords go through argon2id."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
