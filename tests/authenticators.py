"""A device that holds passkeys, in software: what a browser and its authenticator would answer (Web Authentication Level 2), right or wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class Device:
    """One key. `counts`: whether it counts its answers; `verifies`: whether it asks for a PIN; `synced`: whether its key is elsewhere too.

    What is asked of it is the page's JSON. Its answers can be bent: `origin`, `rp_id`, `kind`, `challenge`.
    """

    origin: str
    verifies: bool = True
    counts: bool = True
    synced: bool = False
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    user_handle: bytes | None = None
    count: int = 0

    def make(self, options: str, **bent: Any) -> str:
        asked = json.loads(options)
        self.user_handle = decoded(asked["user"]["id"])
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cose
        data = self._data(bent.get("rp_id", asked["rp"]["id"]), ATTESTED) + attested
        response = {
            "clientDataJSON": encoded(self._client("webauthn.create", asked, bent)),
            "attestationObject": encoded(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal"],
        }
        return self._answer(response)

    def prove(self, options: str, **bent: Any) -> str:
        asked = json.loads(options)
        client = self._client("webauthn.get", asked, bent)
        data = self._data(bent.get("rp_id", asked["rpId"]), 0)
        handle = bent.get("user_handle", self.user_handle)
        response = {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))),
            "userHandle": encoded(handle) if handle else None,
        }
        return self._answer(response)

    def _answer(self, response: dict[str, Any]) -> str:
        name = encoded(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def _client(self, kind: str, asked: dict[str, Any], bent: dict[str, Any]) -> bytes:
        client = {
            "type": bent.get("kind", kind),
            "challenge": bent.get("challenge", asked["challenge"]),
            "origin": bent.get("origin", self.origin),
            "crossOrigin": bent.get("cross_origin", False),
        }
        return json.dumps(client).encode()

    def _data(self, rp_id: str, more: int) -> bytes:
        self.count += 1 if self.counts else 0
        flags = PRESENT | (VERIFIED if self.verifies else 0) | (ELIGIBLE | BACKED_UP if self.synced else 0) | more
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")
