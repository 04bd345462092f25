"""A file's head: readable by anybody, changeable by nobody without the key.

Sixteen fixed bytes, the header's length (4 bytes, big-endian), the header as JSON, its HMAC-SHA-256. Behind it the sealed content.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants.secrets import KEY_BYTES, TenantKey, Undecipherable, decrypt, encrypt
from tenants.transfer import claims
from tenants.transfer.errors import ExportDamaged, ExportNotTaken, ExportOfNewerRelease, NotAnExport
from tenants.transfer.keys import TransferKeys, TransferSecret, keys_for, new_parameters

if TYPE_CHECKING:
    from tenants.transfer.files import Input, Output

MAGIC = b"\x89imprint export\n"
FORMAT = 1
LONGEST_HEADER = 64 * 1024
_MAC = 32


@dataclass(frozen=True, slots=True)
class Organization:
    """Who it was where it comes from."""

    id: UUID
    slug: str
    name: str
    tier: str
    quotas: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Header:
    """`product` is the version that wrote the file, `revision` where the tables in it stand."""

    organization: Organization
    revision: str
    product: str
    created_at: datetime
    key: TenantKey


def write(file: Output, header: Header, secret: TransferSecret) -> TransferKeys:
    """The keys under which the content that follows is sealed."""
    parameters = new_parameters(secret)
    keys = TransferKeys.derive(secret, parameters)
    who = header.organization
    document = {
        "format": FORMAT,
        "product": header.product,
        "created_at": header.created_at.isoformat(),
        "organization": {"id": str(who.id), "slug": who.slug, "name": who.name, "tier": who.tier, "quotas": who.quotas},
        "revision": header.revision,
        "key": parameters,
        "check": keys.check.hex(),
        "tenant_key": _wrapped(keys, who.id, header.key.key),
        "other_keys": [_wrapped(keys, who.id, other) for other in header.key.others],
    }
    text = json.dumps(document, ensure_ascii=False, indent=1).encode()
    file.write(MAGIC + len(text).to_bytes(4, "big") + text + keys.mac(text))
    return keys


def read(file: Input, secret: TransferSecret) -> tuple[Header, TransferKeys]:
    """Leaves the file at its content. Raises NotAnExport, ExportOfNewerRelease, WrongTransferKey, ExportDamaged, ExportNotTaken."""
    text, mac = _texts(file)
    try:
        document = json.loads(text)
        newer = document["format"] > FORMAT
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ExportDamaged("its head cannot be read") from None
    if newer:
        raise ExportOfNewerRelease("format")
    try:
        keys = keys_for(secret, document["key"], document["check"])
        if not hmac.compare_digest(keys.mac(text), mac):
            raise ExportDamaged("its head is not as it was written")
        return _header(document, keys), keys
    except (ValueError, KeyError, TypeError, AttributeError, Undecipherable):
        raise ExportDamaged("its head cannot be read") from None


def _texts(file: Input) -> tuple[bytes, bytes]:
    """The header and its MAC."""
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise ExportDamaged("it ends in its head") if magic and MAGIC.startswith(magic) else NotAnExport()
    length = int.from_bytes(file.read(4), "big")
    if not 0 < length <= LONGEST_HEADER:
        raise ExportDamaged("its head has no length that makes sense")
    text, mac = file.read(length), file.read(_MAC)
    if len(mac) < _MAC:
        raise ExportDamaged("it ends in its head")
    return text, mac


def _header(document: dict[str, Any], keys: TransferKeys) -> Header:
    who = document["organization"]
    slug, name = claims.text("slug", who["slug"]), claims.text("name", who["name"])
    organization = Organization(UUID(who["id"]), slug, name, claims.tier(who["tier"]), claims.quotas(who["quotas"]))
    others = tuple(_unwrapped(keys, organization.id, other) for other in document.get("other_keys", []))
    if len(others) > 1:
        raise ExportNotTaken("it holds more keys than an organization can have")
    key = TenantKey(_unwrapped(keys, organization.id, document["tenant_key"]), others)
    revision, product = claims.text("revision", document["revision"]), claims.text("product", document["product"])
    return Header(organization, revision, product, datetime.fromisoformat(document["created_at"]), key)


def _wrapped(keys: TransferKeys, organization: UUID, key: bytes) -> str:
    return base64.b64encode(encrypt(keys.wrap, key, _context(organization))).decode()


def _unwrapped(keys: TransferKeys, organization: UUID, text: str) -> bytes:
    try:
        wrapped = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ExportDamaged("its head holds no key") from None
    key = decrypt(keys.wrap, wrapped, _context(organization))
    if len(key) != KEY_BYTES:
        raise ExportNotTaken("the key in it is none of an organization's")
    return key


def _context(organization: UUID) -> bytes:
    return b"tenant-key:" + organization.bytes
