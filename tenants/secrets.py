"""Encryption at rest: a key per person wrapped by the tenant's, a key per tenant wrapped by the installation's.

Everything is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the context a text belongs to is authenticated
with it, so that a ciphertext moved to another row or tenant does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable
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
    if ciphertext[:1] != _VERSION or len(ciphertext) <= 1 + _NONCE_BYTES:
        raise Undecipherable("This is no ciphertext of ours.")
    nonce, sealed = ciphertext[1 : 1 + _NONCE_BYTES], ciphertext[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, context)
    except InvalidTag:
        raise Undecipherable("The key does not open this text; check IMPRINT_SECRET_KEY.") from None


def _opened(keys: Iterable[bytes], ciphertext: bytes, context: bytes, mend: str) -> bytes:
    for key in keys:
        try:
            return decrypt(key, ciphertext, context)
        except Undecipherable:
            continue
    raise Undecipherable(mend)


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The installation's keys: the first encrypts, all of them decrypt."""

    keys: tuple[bytes, ...]

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        return encrypt(self.keys[0], plaintext, context)

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """Raises Undecipherable."""
        return _opened(self.keys, ciphertext, context, "None of the keys in IMPRINT_SECRET_KEY opens this text; add the one it was made with.")

    def resealed(self, ciphertext: bytes, context: bytes) -> bytes | None:
        """The same under the first key; None where that opens it already. Raises Undecipherable."""
        return _resealed(self.keys, ciphertext, context, self.decrypt)

    def wrap_tenant_key(self, organization: UUID, key: bytes) -> bytes:
        return self.encrypt(key, tenant_key_context(organization))

    def unwrap_tenant_key(self, organization: UUID, wrapped: bytes, other: bytes | None = None) -> TenantKey:
        """`other`: the key that comes or goes while the organization's key is rotated. Raises Undecipherable."""
        context = tenant_key_context(organization)
        return TenantKey(self.decrypt(wrapped, context), () if other is None else (self.decrypt(other, context),))


def tenant_key_context(organization: UUID) -> bytes:
    """What a wrapped tenant key is bound to."""
    return b"tenant-key:" + organization.bytes


def _resealed(keys: tuple[bytes, ...], ciphertext: bytes, context: bytes, decrypt_any: Callable[[bytes, bytes], bytes]) -> bytes | None:
    try:
        decrypt(keys[0], ciphertext, context)
    except Undecipherable:
        return encrypt(keys[0], decrypt_any(ciphertext, context), context)
    return None


@dataclass(frozen=True, slots=True, repr=False)
class TenantKey:
    """One organization's key; what it protects opens nowhere else.

    `others` is empty but while the key is rotated: they open and find what they once protected, and protect nothing new.
    """

    key: bytes
    others: tuple[bytes, ...] = ()

    @property
    def all(self) -> tuple[bytes, ...]:
        return (self.key, *self.others)

    def encrypt(self, plaintext: bytes, context: bytes) -> bytes:
        return encrypt(self.key, plaintext, context)

    def decrypt(self, ciphertext: bytes, context: bytes) -> bytes:
        """Raises Undecipherable."""
        return _opened(self.all, ciphertext, context, "The organization's key does not open this text: the row was changed, or belongs to another.")

    def resealed(self, ciphertext: bytes, context: bytes) -> bytes | None:
        """The same under the key that protects now; None where that opens it already. Raises Undecipherable."""
        return _resealed(self.all, ciphertext, context, self.decrypt)

    def blind_index(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA-256 (RFC 2104) of a normalized value: equality can be asked, the value cannot be read."""
        return _blind_index(self.key, purpose, value)

    def blind_indexes(self, purpose: str, value: str) -> list[bytes]:
        """Every index under which the value may be found: more than one while the key is rotated."""
        return [_blind_index(key, purpose, value) for key in self.all]

    def wrap_person_key(self, person: UUID, key: bytes) -> bytes:
        return self.encrypt(key, _person_key_context(person))

    def person_key(self, person: UUID, wrapped: bytes) -> bytes:
        return self.decrypt(wrapped, _person_key_context(person))

    def resealed_person_key(self, person: UUID, wrapped: bytes) -> bytes | None:
        """As `resealed`."""
        return self.resealed(wrapped, _person_key_context(person))

    def seal_personal(self, person: UUID, wrapped: bytes, field: str, value: str) -> bytes:
        return encrypt(self.person_key(person, wrapped), value.encode(), f"{field}:".encode() + person.bytes)

    def open_personal(self, person: UUID, wrapped: bytes, field: str, sealed: bytes) -> str:
        return decrypt(self.person_key(person, wrapped), sealed, f"{field}:".encode() + person.bytes).decode()


def _blind_index(key: bytes, purpose: str, value: str) -> bytes:
    derived = hmac.digest(key, b"blind-index:" + purpose.encode(), hashlib.sha256)
    return hmac.digest(derived, value.encode(), hashlib.sha256)


def _person_key_context(person: UUID) -> bytes:
    return b"person-key:" + person.bytes
