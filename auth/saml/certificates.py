"""Certificates: theirs as far as they say until when they are good, and our own key pairs."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

KEY_BITS = 3072
SMALLEST_RSA = 2048
OURS_FOR = timedelta(days=3650)
_ARMOUR = re.compile(r"-----(BEGIN|END) CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both in PEM."""

    key: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when a certificate is good; `fingerprint`: SHA-256, the first 16 digits."""

    begins: datetime
    ends: datetime
    fingerprint: str

    def covers(self, now: datetime) -> bool:
        return self.begins <= now <= self.ends


def certificate_of(text: str) -> str:
    """PEM of what is PEM or the base64 that metadata carries. Raises ValueError where it is no certificate with a key that can be taken."""
    bare = "".join(_ARMOUR.sub("", text).split())
    certificate = x509.load_der_x509_certificate(base64.b64decode(bare, validate=True))
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < SMALLEST_RSA:
            raise ValueError(f"its RSA key has {key.key_size} bits; at least {SMALLEST_RSA} are asked for")
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("its key is neither RSA nor of an elliptic curve")  # noqa: TRY004 - what is wrong is the file, not a type of ours
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def certificates_in(text: str) -> list[str]:
    """Those of a PEM file with several, or one in base64. Raises ValueError."""
    pieces = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.DOTALL) or [text]
    return [certificate_of(piece) for piece in pieces]


def span_of(certificate: str) -> Span:
    loaded = x509.load_pem_x509_certificate(certificate.encode())
    return Span(loaded.not_valid_before_utc, loaded.not_valid_after_utc, loaded.fingerprint(hashes.SHA256()).hex()[:16])


def bare(certificate: str) -> str:
    """The base64 of a PEM, as XML carries it."""
    return "".join(_ARMOUR.sub("", certificate).split())


def new_pair(name: str) -> KeyPair:
    """A key and a certificate that it has signed itself; takes half a second of a core."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + OURS_FOR)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())
