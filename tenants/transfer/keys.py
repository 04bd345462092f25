"""The transfer key: what sender and receiver share, so that a file says nothing to anybody else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tenants.errors import ConfigurationError
from tenants.secrets import KEY_BYTES
from tenants.settings import MAKE_KEY
from tenants.transfer.errors import ExportDamaged, WrongTransferKey

SALT_BYTES = 16
SHORTEST_PASSPHRASE = 15  # NIST SP 800-63B-4, 3.1.1.2: where it is the only secret
# Argon2id, RFC 9106, section 4: the second recommended choice; memory in KiB.
TIME, MEMORY, LANES = 3, 64 * 1024, 4
# A file may ask for other costs, but not for a machine's whole memory.
_MOST = {"time": 16, "memory": 1024 * 1024, "lanes": 16}


@dataclass(frozen=True, slots=True, repr=False)
class TransferSecret:
    """A key of 32 bytes from a file, or a passphrase."""

    kind: Literal["file", "passphrase"]
    value: bytes

    @classmethod
    def from_file(cls, content: bytes, name: object) -> TransferSecret:
        """Raises ConfigurationError for anything but 32 bytes in base64."""
        try:
            key = base64.b64decode(content.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise ConfigurationError([f"{name} does not hold a key of 32 bytes in base64: {MAKE_KEY}"])
        return cls("file", key)

    @classmethod
    def from_passphrase(cls, text: str) -> TransferSecret:
        """Raises ConfigurationError for one that is too short."""
        if len(text) < SHORTEST_PASSPHRASE:
            raise ConfigurationError([f"the transfer passphrase has {len(text)} characters: it takes at least {SHORTEST_PASSPHRASE}"])
        return cls("passphrase", text.encode())

    @classmethod
    def random(cls) -> TransferSecret:
        return cls("file", os.urandom(KEY_BYTES))


@dataclass(frozen=True, slots=True, repr=False)
class TransferKeys:
    """Keys of one file, each for one thing: `wrap` the tenant's key, `head` the header's MAC, `seal` the content; `check` tells a wrong secret."""

    wrap: bytes
    head: bytes
    seal: bytes
    check: bytes

    @classmethod
    def derive(cls, secret: TransferSecret, parameters: Mapping[str, Any]) -> TransferKeys:
        """HKDF-SHA-256 (RFC 5869) from the secret, a passphrase first stretched by Argon2id."""
        salt = bytes.fromhex(parameters["salt"])
        material = secret.value if secret.kind == "file" else _stretched(secret.value, salt, parameters)

        def one(name: str) -> bytes:
            return HKDF(SHA256(), KEY_BYTES, salt, b"imprint export: " + name.encode()).derive(material)

        return cls(one("wrap"), one("head"), one("seal"), one("check"))

    def mac(self, header: bytes) -> bytes:
        return hmac.digest(self.head, header, hashlib.sha256)


def new_parameters(secret: TransferSecret) -> dict[str, Any]:
    """What the header tells the receiver about the key: all but the secret."""
    salt = {"kind": secret.kind, "salt": os.urandom(SALT_BYTES).hex()}
    return salt if secret.kind == "file" else {**salt, "time": TIME, "memory": MEMORY, "lanes": LANES}


def keys_for(secret: TransferSecret, parameters: Mapping[str, Any], check: str) -> TransferKeys:
    """The keys of a file that was made elsewhere. Raises WrongTransferKey, ExportDamaged."""
    if parameters.get("kind") not in {"file", "passphrase"}:
        raise ExportDamaged("its head names no kind of key")
    if parameters["kind"] != secret.kind:
        needs = "--key-file with the key file" if parameters["kind"] == "file" else "the passphrase, and no --key-file,"
        raise WrongTransferKey(f"This file was sealed with a {_WORDS[parameters['kind']]}: give {needs} that it was exported with. Nothing was made.")
    _require_sane(parameters)
    keys = TransferKeys.derive(secret, parameters)
    if not hmac.compare_digest(keys.check.hex().encode(), check.encode()):
        raise WrongTransferKey(f"This is not the {_WORDS[secret.kind]} that the file was exported with. Nothing was made; try again with that one.")
    return keys


_WORDS = {"file": "key file", "passphrase": "passphrase"}


def _require_sane(parameters: Mapping[str, Any]) -> None:
    try:
        sane = len(bytes.fromhex(parameters["salt"])) == SALT_BYTES
        if parameters["kind"] == "passphrase":
            sane = sane and all(type(parameters[name]) is int and 1 <= parameters[name] <= most for name, most in _MOST.items())
            sane = sane and parameters["memory"] >= 8 * parameters["lanes"]
    except (KeyError, TypeError, ValueError):
        sane = False
    if not sane:
        raise ExportDamaged("its head says nothing usable of the key")


def _stretched(passphrase: bytes, salt: bytes, parameters: Mapping[str, Any]) -> bytes:
    return hash_secret_raw(passphrase, salt, parameters["time"], parameters["memory"], parameters["lanes"], KEY_BYTES, Type.ID)
