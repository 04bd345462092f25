"""Checks in words: what each of them is about, and what to do at the provider where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from auth.sso.checks import Check
from tenants.sentences import as_sentence


@dataclass(frozen=True, slots=True)
class Explained:
    """A check as an administrator reads it. `mend` is said where it failed; the same words for every check of that name."""

    title: str
    expected: str
    found: str
    passed: bool
    mend: str


_OTHER = "Compare the two values, and correct the one that is wrong at the provider or in this connection."
_KEYS = "Let the person use another passkey or a code, and add this one anew."
_CLOCKS = "Set the clocks of both machines by NTP."
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
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
        "secrets_open": ("Secrets can be read", "Change the connection's values: its secrets have to be given again."),
        "connection_enabled": ("Connection is on", "Switch the connection on."),
        "status": ("The provider lets them in", "Assign the person to this application at the provider, or see its own log."),
        "provider_certificate": ("Certificate is good today", "Renew the provider's signing certificate, and connect its new metadata."),
        "signed": ("Response is signed", "Have the provider sign the response or the assertion."),
        "verified": (
            "Signature and form are right",
            "Compare the signing certificate at the provider with the one in this connection, unless what was found names something else.",
        ),
        "authn_statement": ("Says when they signed in", "Have the provider send one AuthnStatement: when and how the person signed in there."),
        "authenticated_anew": (
            "Person was asked just now",
            "Have the provider ask again where a request says ForceAuthn, and say when in AuthnInstant.",
        ),
        "signature_algorithm": ("Signature is strong", "Choose RSA with SHA-256 at the provider."),
        "digest_algorithm": ("Digest is strong", "Choose SHA-256 at the provider."),
        "encryption_signed": ("Encryption shows changes", "Choose AES-GCM at the provider, or have it sign the response as a whole."),
        "key_transport": ("Key is wrapped safely", "Choose RSA-OAEP at the provider."),
        "encrypted": ("Encryption is as wanted here", "Have the provider encrypt assertions with the certificate of our metadata."),
        "decrypted": ("Statement about the person can be opened", "Give the provider our metadata again: it encrypts for another certificate."),
        "destination": ("Sent to our address", "Enter the reply address (ACS) at the provider as it stands under At the provider."),
        "recipient": ("Meant for our address", "Enter the reply address (ACS) at the provider as it stands under At the provider."),
        "audience": ("Meant for us", "Enter the entity id at the provider as it stands under At the provider."),
        "asked_for": ("Begun here", "Begin at our sign-in page, or let this connection take sign-ins that begin at the provider."),
        "relay_state": ("RelayState came back", "Have the provider send RelayState back as it got it."),
        "provider_configuration": ("Provider answers with its configuration", "Compare the issuer with what the provider's documentation says."),
        "provider_keys": ("Provider publishes its keys", "See whether the provider's key address can be reached from here."),
        "provider_agrees": ("Provider agrees", "See what was found: it is the provider's own answer."),
        "code": ("Provider sends a code", _OTHER),
        "code_exchange": ("Code is exchanged for tokens", "Enter the client id and the secret anew, and compare how the client proves itself."),
        "access_token": ("Access token is there", _OTHER),
        "user_api": ("User API answers", "Compare the address of the user API, and the scopes."),
        "user_id": ("User API names a lasting id", "Name the field of the user API that never becomes another person's."),
        "user_addresses": ("Provider lists the addresses", "Give the application the scope to read e-mail addresses."),
        "userinfo": ("User info answers", _OTHER),
        "userinfo_subject": ("User info is of the same person", _OTHER),
        "token_form": ("Token has the right form", _OTHER),
        "token_algorithm": ("Token is signed by a public key", "Choose RS256 or ES256 for this application at the provider."),
        "token_extensions": ("Token asks for nothing unknown", _OTHER),
        "token_key": ("Token's key is the provider's", _OTHER),
        "token_signature": ("Token's signature is right", _OTHER),
        "token_issuer": ("Token is of this provider", "Enter the issuer exactly as the provider writes it."),
        "token_audience": ("Token is for us", "Compare the client id at the provider with the one here."),
        "token_authorized_party": ("Token was given to us", _OTHER),
        "token_nonce": ("Token answers this sign-in", _OTHER),
        "token_expires": ("Token is good still", _CLOCKS),
        "token_auth_time": ("Person was asked just now", "Have the provider ask again where a request says max_age, and say when in auth_time."),
        "answer_form": ("Answer can be read", _OTHER),
        "answer_issuer": ("Answer comes from this provider", _OTHER),
        "state": ("Sign-in began in this browser", "Begin again, in one browser, and do not use the back button."),
        "state_connection": ("Answer is of the same connection", _OTHER),
        "same_connection": ("Answer is of the same connection", _OTHER),
        "rehearsal_connection": ("Answer is of the connection that is tested", _OTHER),
        "same_person": ("Same person as before", _OTHER),
        "subject": ("Provider names the person", _OTHER),
        "subject_attribute": ("Attribute with the lasting id is there", "Have the provider send this attribute, or name another in this connection."),
        "message_size": ("Message is of a usual size", _OTHER),
        "message_encoding": ("Message is encoded properly", _OTHER),
        "message_plain": ("Message hides nothing", "Have the provider send its answers without comments."),
        "message_xml": ("Message is XML", _OTHER),
        "message_kind": ("Message answers a sign-in", "Enter the reply address (ACS) at the provider for sign-ins alone."),
        "canonicalization": ("What is signed is written in one way", "Choose exclusive canonicalization (exc-c14n) at the provider."),
        "transforms": ("Signature leaves nothing out", "Choose an enveloped signature and exclusive canonicalization (exc-c14n) at the provider."),
        "one_assertion": ("One statement about the person", "Have the provider send one assertion in each answer."),
        "signed_reference": ("Signature covers what it stands in", _OTHER),
        "encryption_algorithm": ("Encryption is strong", "Choose AES-GCM at the provider."),
        "response_issuer": ("Response is of this provider", "Take the provider's metadata over again: its entity id is another one."),
        "assertion_issuer": (
            "Statement about the person is of this provider",
            "Take the provider's metadata over again: its entity id is another one.",
        ),
        "issuer": ("Message is of this provider", _OTHER),
        "issued": ("Issued now", _CLOCKS),
        "expired": ("Good still", _CLOCKS),
        "conditions": ("It says for when and for whom", "Have the provider send conditions with an audience."),
        "conditions_time": ("It holds now", _CLOCKS),
        "confirmation": ("It is for whoever brings it", "Have the provider confirm the subject by the method bearer."),
        "confirmation_time": ("It may be brought now", _CLOCKS),
        "confirmation_end": ("It may be brought for a short time", "Have the provider confirm for an hour at most."),
        "provider_session": ("Session at the provider goes on", _OTHER),
        "in_response_to": ("Answers one request", _OTHER),
        "assertion_once": ("Comes for the first time", "Begin again: an answer is good once."),
        "name_id": ("Provider names the person (NameID)", "Have the provider send a NameID."),
        "own_certificate": ("Our certificate is good", "Prepare the next one under Certificates, and switch to it."),
        "metadata": ("Metadata is as here", "Add the provider's new metadata under Certificates."),
        "login_given": ("Name was typed", _OTHER),
        "password_given": ("Password was typed", _OTHER),
        "password": ("Password is right", _OTHER),
        "directory_reached": ("Directory can be reached", "Look at the server's address, its port and the firewall between."),
        "directory_tls": ("Directory's certificate is trusted", "Enter the authority that signed it, and the server under the name in it."),
        "directory_answer": ("Directory's answer can be read", _OTHER),
        "service_bind": ("Account that searches gets in", "Enter its DN and its password anew."),
        "base_entry": ("Place where people are is there", "Compare the base DN with the directory."),
        "person_found": ("One entry of this name", "Narrow the filter until it finds one entry for each name."),
        "person_id": ("Entry has a lasting id", "Name the attribute that never becomes another person's in this connection."),
        "ids_unique": ("Parts have names of their own", _OTHER),
        "logout_event": ("Sign-out says that it is one", _OTHER),
        "logout_name": ("Sign-out names the person", _OTHER),
        "logout_nonce": ("Sign-out is no sign-in", _OTHER),
        "logout_number": ("Sign-out has a number", _OTHER),
        "logout_once": ("Sign-out comes for the first time", _OTHER),
        "logout_session": ("Sign-out names a session", _OTHER),
        "logout_status": ("The provider signed them out", "See the provider's own log: it did not sign the person out."),
        "logout_time": ("Sign-out is good still", _CLOCKS),
        "passkey_active": ("Account is active", "Reactivate the person under People, or invite them again."),
        "passkey_attestation": ("Passkey comes by itself", _KEYS),
        "passkey_challenge": ("Answers what was asked", "Begin again, and do not use the back button."),
        "passkey_counter": ("Passkey was not copied", "Have the person remove this passkey and add it anew: another device may have a copy of it."),
        "passkey_frame": ("Page stands by itself", "Open the sign-in page by itself, not within another site's."),
        "passkey_handle": ("Passkey says whose it is", _KEYS),
        "passkey_host": ("Passkey is for this address", _KEYS),
        "passkey_id": ("Passkey has a name", _KEYS),
        "passkey_key": ("Passkey is of a known kind", _KEYS),
        "passkey_known": ("Passkey is registered here", _KEYS),
        "passkey_origin": ("Page is at this address", "Open the sign-in page at your organization's own address."),
        "passkey_owner": ("Passkey is that person's", _KEYS),
        "passkey_person": ("Passkey is that person's", _KEYS),
        "passkey_presence": ("Somebody was there", "Touch the device when it asks."),
        "passkey_readable": ("Answer can be read", _KEYS),
        "passkey_rp_id": ("Passkey is for this address", _KEYS),
        "passkey_signature": ("Passkey's signature is right", _KEYS),
        "passkey_type": ("Answers what was asked", _KEYS),
        "passkey_verification": ("Device knew its person", "Set a code, a fingerprint or a face on the device."),
        "token_issued": ("Token was issued now", _CLOCKS),
        "token_subject": ("Token names the person", _OTHER),
        "token_type": ("Token is of the right kind", _OTHER),
        "name_id_format": (
            "Id lasts",
            "Choose a persistent id or the e-mail address as NameID at the provider, or name here an attribute that holds an id that lasts.",
        ),
    }
)
# Of whatever was under way: its name stands before.
_BEGUN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "known": ("Sign-in began here", "Begin again at the sign-in page: a number is good once."),
        "fresh": ("Sign-in began a few minutes ago", "Begin again, and do not wait so long at the provider."),
        "browser": ("Sign-in began in this browser", "Begin again, in one browser that keeps cookies."),
    }
)


# What these expect names what else the organization has.
_TO_GUESTS: Mapping[str, str] = MappingProxyType({"email_domain": as_sentence("a domain that this organization has verified")})


def explained(check: Check, *, guest: bool = False) -> Explained:
    """`guest`: for whoever came by a set-up link."""
    title, mend = words_of(check.name)
    return Explained(title, _TO_GUESTS.get(check.name, check.expected) if guest else check.expected, check.found, check.passed, mend)


def in_words(checks: Iterable[Check]) -> list[Explained]:
    """What a look at the provider has shown, in words."""
    return [explained(check) for check in checks]


def words_of(name: str) -> tuple[str, str]:
    """What a check is about, in few words, and what to do where it fails; its own name where nobody has words for it."""
    return WORDS.get(name) or _BEGUN.get(name.rpartition("_")[2]) or (name.replace("_", " ").capitalize(), _OTHER)
