"""Our own keys of a connection, within its secrets: the one in use, the next one, and the one before."""

from __future__ import annotations

from collections.abc import Mapping

from auth.saml.certificates import KeyPair, Span, span_of
from tenants.errors import Conflict


def keys_of(secrets: Mapping[str, str], *, published: bool = False) -> list[KeyPair]:
    """The one in use first; what was encrypted for any of them can be read. `published`: as metadata has them, without the one before."""
    prefixes = ("", "next_") if published else ("", "next_", "previous_")
    return [KeyPair(secrets[f"{prefix}key"], secrets[f"{prefix}certificate"]) for prefix in prefixes if f"{prefix}key" in secrets]


def spans_of(secrets: Mapping[str, str]) -> list[tuple[str, Span]]:
    """Of each of our certificates, by its prefix, from when until when it is good."""
    return [(prefix, span_of(secrets[f"{prefix}certificate"])) for prefix in ("", "next_", "previous_") if f"{prefix}certificate" in secrets]


def secrets_of(pair: KeyPair, prefix: str = "") -> dict[str, str]:
    return {f"{prefix}key": pair.key, f"{prefix}certificate": pair.certificate}


def prepared(secrets: Mapping[str, str], pair: KeyPair) -> dict[str, str]:
    """Raises Conflict where one is prepared already: providers may have read it."""
    if "next_key" in secrets:
        raise Conflict("A next certificate is published already. Let the provider read the metadata again, then switch to it.")
    return {**secrets, **secrets_of(pair, "next_")}


def switched(secrets: Mapping[str, str]) -> dict[str, str]:
    """Raises Conflict where none is prepared."""
    if "next_key" not in secrets:
        raise Conflict("No next certificate is published yet. Prepare one, and let the provider read the metadata first.")
    current, following = keys_of(secrets)[:2]
    return secrets_of(following) | secrets_of(current, "previous_")


def dropped(secrets: Mapping[str, str]) -> dict[str, str]:
    """Without the one before and the one that was prepared."""
    return secrets_of(keys_of(secrets)[0])
