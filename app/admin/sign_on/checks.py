"""Checks in words: what each of them is about, and what to do at the provider where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Explained:
    """A check as an administrator reads it. `mend` is said where it failed; the same words for every check of that name."""

    title: str
    expected: str
    found: str
    passed: bool
    mend: str


_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "email_present": ("E-mail address", "Have the provider send the person's e-mail address, and name its attribute in this connection."),
        "email_verified": ("Address is verified", "Let the person verify the address at the provider, or link the account in another way."),
        "email_domain": ("Domain is yours", "Add the domain under Domains and prove it by its TXT record."),
        "provisioned_address": ("Address is theirs", "Have the provider say the same address at a sign-in and when it provisions the person."),
        "email_form": ("Address can be read", "Correct the person's address at the provider."),
        "account": ("Account here", "See what was found: it says what stands in the way."),
        "account_known": ("Account here", "Invite the person first, or let this connection make accounts."),
        "account_status": ("Account is active", "Reactivate the person under People, or invite them again."),
        "role_known": ("Role exists", "Choose a role that exists as the default, and in the rules for groups."),
        "identity_unique": (
            "One person, one account",
            "Somebody else of this provider is linked to that account: correct the address at the provider.",
        ),
        "secrets_open": ("Secrets can be read", "Hand in the provider's values again by a set-up link, or remove the connection and connect anew."),
        "connection_enabled": ("Connection is on", "Switch the connection on."),
        "status": ("The provider lets them in", "Assign the person to this application at the provider, or see its own log."),
        "provider_certificate": ("Certificate is good today", "Renew the provider's signing certificate, and connect its new metadata."),
        "signed": ("Response is signed", "Have the provider sign the response or the assertion."),
        "verified": ("Signature and form are right", "Compare the signing certificate at the provider with the one in this connection."),
        "signature_algorithm": ("Signature is strong", "Choose RSA with SHA-256 at the provider."),
        "digest_algorithm": ("Digest is strong", "Choose SHA-256 at the provider."),
        "encryption_signed": ("Encryption shows changes", "Choose AES-GCM at the provider, or have it sign the response as a whole."),
        "key_transport": ("Key is wrapped safely", "Choose RSA-OAEP at the provider."),
        "encrypted": ("Assertion is encrypted", "Have the provider encrypt assertions with the certificate of our metadata."),
        "decrypted": ("Assertion can be opened", "Give the provider our metadata again: it encrypts for another certificate."),
        "destination": ("Sent to our address", "Enter the reply address (ACS) at the provider as it stands under At the provider."),
        "recipient": ("Meant for our address", "Enter the reply address (ACS) at the provider as it stands under At the provider."),
        "audience": ("Meant for us", "Enter the entity id at the provider as it stands under At the provider."),
        "asked_for": ("Begun here", "Begin at our sign-in page, or let this connection take sign-ins that begin at the provider."),
        "relay_state": ("RelayState came back", "Have the provider send RelayState back as it got it."),
        "name_id_format": (
            "Id lasts",
            "Choose a persistent id or the e-mail address as NameID at the provider, or let it send subject-id or pairwise-id.",
        ),
    }
)
_OTHER = "Compare the two values, and correct the one that is wrong at the provider or in this connection."


def explained(check: Mapping[str, Any]) -> Explained:
    name = str(check["name"])
    title, mend = _WORDS.get(name, (name.replace("_", " ").capitalize(), _OTHER))
    return Explained(title, str(check["expected"]), str(check["found"]), bool(check["passed"]), mend)
