"""What is asked of a browser about passkeys, and what its answers are held against (Web Authentication Level 2, sections 7.1 and 7.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auth.sso.checks import Checks, SignInRefused, refused
from tenants.sentences import sentence

if TYPE_CHECKING:
    from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorData, CollectedClientData

PATIENCE = 300_000  # milliseconds that a browser may take to find somebody's key
LONGEST_CREDENTIAL_ID = 1023  # Level 2, 5.8.3
COUNTER = "passkey_counter"
# COSE algorithms (RFC 9053): EdDSA, ES256, RS256.
_ALGORITHMS = (-8, -7, -257)
_TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})
_FORMATS = frozenset({"none", "packed"})


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom keys are made for. `id`: the organization's host. `origin`: its address, as browsers sign it."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a key is made for, as their device shows it. `handle` is opaque: no other organization's, nothing of the person's in it."""

    handle: bytes
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Registered:
    """`synced`: the key may exist on several devices (backup eligibility), so no device stands for it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is held of a key: `public_key` in COSE (RFC 9052), `sign_count` as its latest answer said."""

    credential_id: bytes
    user_handle: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A browser's answer, taken apart and not yet believed."""

    credential: AuthenticationCredential
    client: CollectedClientData
    authenticator: AuthenticatorData

    @property
    def credential_id(self) -> bytes:
        return self.credential.raw_id


def asked_to_make(party: RelyingParty, organization: str, owner: Owner, challenge: bytes, known: Sequence[bytes]) -> str:
    """PublicKeyCredentialCreationOptions as JSON, bytes in base64url. `known`: what they have already, so that none is made twice."""
    return json.dumps(
        {
            "rp": {"id": party.id, "name": organization},
            "user": {"id": _text(owner.handle), "name": owner.username, "displayName": owner.name},
            "challenge": _text(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in _ALGORITHMS],
            "timeout": PATIENCE,
            "excludeCredentials": [_described(credential_id, ()) for credential_id in known],
            "authenticatorSelection": {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"},
            "attestation": "none",
        }
    )


def asked_to_prove(party: RelyingParty, challenge: bytes, known: Sequence[tuple[bytes, Sequence[str]]], *, verified: bool) -> str:
    """PublicKeyCredentialRequestOptions as JSON. `known`: ids and transports of the keys that will do; none: whichever the device offers.

    `verified`: the device has to know its person, by a PIN, a finger or a face.
    """
    return json.dumps(
        {
            "rpId": party.id,
            "challenge": _text(challenge),
            "timeout": PATIENCE,
            "allowCredentials": [_described(credential_id, transports) for credential_id, transports in known],
            "userVerification": "required" if verified else "preferred",
        }
    )


def registered(checks: Checks, text: str, party: RelyingParty, challenge: bytes) -> Registered:
    """The key that an answer brings. Raises SignInRefused."""
    from webauthn import verify_registration_response  # noqa: PLC0415 - for organizations whose people have passkeys
    from webauthn.helpers import parse_attestation_object, parse_client_data_json, parse_registration_credential_json  # noqa: PLC0415

    try:
        credential = parse_registration_credential_json(text)
        client = parse_client_data_json(credential.response.client_data_json)
        attested = parse_attestation_object(credential.response.attestation_object)
    except Exception as error:  # noqa: BLE001 - the library names some of what may be wrong, and passes the rest on
        raise _unreadable(error) from None
    _client(checks, client, party, challenge, "webauthn.create")
    _authenticator(checks, attested.auth_data, party, verified=True)
    checks.require("passkey_attestation", "no attestation, or one of the key itself", str(attested.fmt), when=str(attested.fmt) in _FORMATS)
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 - as above
        raise refused("passkey_key", "a key of a kind that is known here", _said(error)) from None
    length = len(made.credential_id)
    most = sentence("an id of at most {most} bytes", most=LONGEST_CREDENTIAL_ID)
    checks.require("passkey_id", most, sentence("{number} bytes", number=length), when=0 < length <= LONGEST_CREDENTIAL_ID)
    transports = tuple(str(one.value) for one in credential.response.transports or () if one.value in _TRANSPORTS)
    synced = made.credential_device_type.value == "multi_device"
    return Registered(made.credential_id, made.credential_public_key, made.sign_count, synced, transports)


def read(text: str) -> Answer:
    """Raises SignInRefused for what is no answer of a browser."""
    from webauthn.helpers import parse_authentication_credential_json, parse_authenticator_data, parse_client_data_json  # noqa: PLC0415

    try:
        credential = parse_authentication_credential_json(text)
        return Answer(
            credential,
            parse_client_data_json(credential.response.client_data_json),
            parse_authenticator_data(credential.response.authenticator_data),
        )
    except Exception as error:  # noqa: BLE001 - as in `registered`
        raise _unreadable(error) from None


def proven(checks: Checks, answer: Answer, known: Known, party: RelyingParty, challenge: bytes, *, verified: bool) -> int:
    """The answer is the key's own, to what was asked here: its counter, which has to be kept. Raises SignInRefused.

    A counter that does not go up (Level 2, 6.1.1) means that there may be two of this key.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415

    _client(checks, answer.client, party, challenge, "webauthn.get")
    _authenticator(checks, answer.authenticator, party, verified=verified)
    handle = answer.credential.response.user_handle
    checks.require("passkey_owner", "the key of the person it was made for", "somebody else's", when=handle is None or handle == known.user_handle)
    try:
        verify_authentication_response(
            credential=answer.credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=0,
            require_user_verification=verified,
        )
    except Exception as error:  # noqa: BLE001 - as in `registered`
        raise refused("passkey_signature", "the signature of the key that was registered", _said(error)) from None
    count = answer.authenticator.sign_count
    above = count > known.sign_count or count == known.sign_count == 0
    checks.require(COUNTER, sentence("a counter above {number}", number=known.sign_count), str(count), when=above)
    return count


def amr_of(*, synced: bool) -> tuple[str, ...]:
    """RFC 8176: a key in hardware, or one in software; either way, somebody has it."""
    return ("swk" if synced else "hwk",)


def _client(checks: Checks, client: CollectedClientData, party: RelyingParty, challenge: bytes, kind: str) -> None:
    checks.require("passkey_type", kind, str(client.type), when=client.type == kind)
    checks.require("passkey_challenge", "what was asked in this browser", "something else", when=client.challenge == challenge)
    checks.require("passkey_origin", party.origin, str(client.origin), when=client.origin == party.origin)
    checks.require("passkey_frame", "a page of its own", "a page within another site's", when=not client.cross_origin)


def _authenticator(checks: Checks, data: AuthenticatorData, party: RelyingParty, *, verified: bool) -> None:
    own = data.rp_id_hash == hashlib.sha256(party.id.encode()).digest()
    checks.require("passkey_rp_id", party.id, "the hash of another name", when=own)
    checks.require("passkey_presence", "somebody who touched their device", "nobody", when=data.flags.up)
    if verified:
        checks.require("passkey_verification", "a device that knows its person", "one that did not ask", when=data.flags.uv)


def _described(credential_id: bytes, transports: Sequence[str]) -> Mapping[str, Any]:
    described: dict[str, Any] = {"type": "public-key", "id": _text(credential_id)}
    return described | {"transports": list(transports)} if transports else described


def _text(value: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415

    return bytes_to_base64url(value)


def _unreadable(error: Exception) -> SignInRefused:
    return refused("passkey_readable", "the answer of a browser to what was asked", _said(error))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
