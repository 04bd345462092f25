"""Encryption at rest: a key per person wrapped by the tenant's, a key per tenant wrapped by the installation's.

Everything is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the context a text belongs to is authenticated
with it, so that a ciphertext moved to another row or tenant does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class Undecipherable(Exception):
    """A ciphertext that none of the keys opens: the wrong IMPRINT_SECRET_KEY, or a changed row."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def encrypt(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def decrypt(key: bytes, ciphertext: bytes, context: bytes) -> bytes:
    """Raises Undecipherable."""
    if ciphertext[:1] != _VERSION:
        raise Undecipherable("This is no ciphertext of ours.")
    nonce, sealed = ciphertext[1 : 1 + _NONCE_BYTES], ciphertext[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, context)
    except InvalidTag:
        raise Undecipherable("The key does not open this text; check IMPRINT_SECRET_KEY.") from None


@dataclass(frozen=True, slots=True)
class Keyring:
    """The installation's keys: the first encrypts, all of them decrypt."""

    keys: tuple[bytes, ...]

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        return encrypt(self.keys[0], plaintext, context)

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        for key in self.keys:
            try:
                return decrypt(key, ciphertext, context)
            except Undecipherable:
                continue
        raise Undecipherable("None of the keys in IMPRINT_SECRET_KEY opens this text; add the one it was made with.")

    def wrap_tenant_key(self, organization: UUID, key: bytes) -> bytes:
        return self.encrypt(key, b"tenant-key:" + organization.bytes)

    def unwrap_tenant_key(self, organization: UUID, wrapped: bytes) -> TenantKey:
        return TenantKey(self.decrypt(wrapped, b"tenant-key:" + organization.bytes))


@dataclass(frozen=True, slots=True, repr=False)
class TenantKey:
    """One organization's key; what it protects opens nowhere else."""

    key: bytes

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        return encrypt(self.key, plaintext, context)

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        return decrypt(self.key, ciphertext, context)

    def blind_index(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA-256 (RFC 2104) of a normalized value: equality can be asked, the value cannot be read."""
        derived = hmac.digest(self.key, b"blind-index:" + purpose.encode(), hashlib.sha256)
        return hmac.digest(derived, value.encode(), hashlib.sha256)

    def wrap_person_key(self, person: UUID, key: bytes) -> bytes:
        return self.encrypt(key, b"person-key:" + person.bytes)

    def person_key(self, person: UUID, wrapped: bytes) -> bytes:
        return self.decrypt(wrapped, b"person-key:" + person.bytes)

    def seal_personal(self, person: UUID, wrapped: bytes, field: str, value: str) -> bytes:
        return encrypt(self.person_key(person, wrapped), value.encode(), f"{field}:".encode() + person.bytes)

    def open_personal(self, person: UUID, wrapped: bytes, field: str, sealed: bytes) -> str:
        return decrypt(self.person_key(person, wrapped), sealed, f"{field}:".encode() + person.bytes).decode()
