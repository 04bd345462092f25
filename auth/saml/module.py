"""SAML as a login module. What reads and signs XML is imported when the first organization needs it."""

from __future__ import annotations

import asyncio
import secrets as random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from auth.addresses import Addresses
from auth.identities import ExternalIdentity
from auth.saml.certificates import new_pair, span_of
from auth.saml.keys import dropped, keys_of, prepared, secrets_of, switched
from auth.saml.settings import SamlSettings
from auth.sso.checks import AS_EXPECTED, Check, Checks, words_of
from auth.sso.connections import Connection
from auth.sso.fetching import Fetcher, NotFetched
from tenants.errors import Conflict, ValidationFailed
from tenants.registry import Tenant
from tenants.sentences import as_sentence, sentence

if TYPE_CHECKING:
    from auth.saml.arrivals import Arrived
    from auth.saml.logouts import LogoutAsked
    from auth.saml.messages import Sent
    from auth.saml.metadata import Ours
    from auth.saml.responses import Expected, Verified

METADATA_TYPE = "application/samlmetadata+xml"
WARNED_BEFORE = timedelta(days=30)
LARGEST_AT_ONCE = 24 * 1024  # characters; a response with a signature, its certificate and fifty groups has half of that


class SamlModule:
    def __init__(self, addresses: Addresses, fetcher: Fetcher) -> None:
        self._addresses = addresses
        self._fetcher = fetcher

    async def settle(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """`metadata` (its text) or `metadata_url` says what the provider is; else `entity_id`, `sso_url` and `certificates` do.

        Our own key is made when there is none yet. Raises ValidationFailed.
        """
        given = dict(settings)
        given |= await self._from_metadata(given)
        checked = SamlSettings.checked(given, self._fetcher.objection)
        if strange := sorted(secrets.keys() - KNOWN_SECRETS):
            raise ValidationFailed(dict.fromkeys(strange, "is not known here: our own keys are made here"))
        kept = dict(secrets)
        if "key" not in kept:
            kept |= secrets_of(await asyncio.to_thread(new_pair, "Imprint"))
        return checked.document(), kept

    def start(self, connection: Connection) -> str:
        return f"{self.path(connection)}/login"

    def copied(self, connection: Connection) -> tuple[tuple[str, str], ...]:
        path = self.path(connection)
        return (
            (as_sentence("Metadata"), f"{path}/metadata"),
            (as_sentence("Identifier (Entity ID)"), f"{path}/metadata"),
            (as_sentence("Reply URL (Assertion Consumer Service)"), f"{path}/acs"),
            (as_sentence("Single logout URL"), f"{path}/slo"),
        )

    async def examine(self, tenant: Tenant, connection: Connection) -> list[Check]:
        del tenant
        settings, now = SamlSettings.kept(connection.settings), datetime.now(UTC)
        checks = [certificate_check("provider_certificate", certificate, now) for certificate in settings.certificates]
        checks += [certificate_check("own_certificate", pair.certificate, now) for pair in keys_of(connection.secrets)[:1]]
        if settings.metadata_url:
            checks.append(await self._same_metadata(settings))
        return checks

    @staticmethod
    def path(connection: Connection) -> str:
        return f"/auth/saml/{connection.name}"

    def ours(self, tenant: Tenant, connection: Connection) -> Ours:
        from auth.saml.metadata import Ours

        base = self._addresses.of(tenant) + self.path(connection)
        return Ours(f"{base}/metadata", f"{base}/acs", f"{base}/slo")

    def metadata(self, tenant: Tenant, connection: Connection) -> bytes:
        from auth.saml.metadata import ours

        settings = SamlSettings.kept(connection.settings)
        certificates = [pair.certificate for pair in keys_of(connection.secrets, published=True)]
        return ours(self.ours(tenant, connection), certificates, sign_requests=settings.sign_requests, name_id_format=settings.name_id_format)

    def sign_in(self, tenant: Tenant, connection: Connection, number: str, *, anew: bool = False) -> Sent:
        """The request for a sign-in. Its id is `number` behind an underscore, since an id may not begin with a digit (XML Schema, NCName).

        `anew`: the provider has to ask the person again.
        """
        from auth.saml.messages import authn_request, sent

        settings, ours = SamlSettings.kept(connection.settings), self.ours(tenant, connection)
        request = authn_request(settings, ours.entity_id, ours.acs, f"_{number}", anew=anew)
        signer = keys_of(connection.secrets)[0] if settings.sign_requests else None
        return sent(request, settings.sso_url, settings.sso_binding, field="SAMLRequest", relay=number, signer=signer)

    async def verified(self, tenant: Tenant, connection: Connection, checks: Checks, response: str) -> tuple[Verified, ExternalIdentity]:
        """Raises SignInRefused. A large one in a thread: others need not wait for it; one of the usual size takes less time than going there."""
        from auth.saml.people import identity_of
        from auth.saml.responses import verify

        expected = self._expected(tenant, connection)
        if len(response) > LARGEST_AT_ONCE:
            verified = await asyncio.to_thread(verify, checks, response, expected)
        else:
            verified = verify(checks, response, expected)
        return verified, identity_of(checks, connection.id, expected.settings, verified)

    @staticmethod
    def check_asked_anew(connection: Connection, checks: Checks, verified: Verified) -> None:
        """The provider was told to ask again, and says that it has. Raises SignInRefused."""
        from auth.saml.anew import check_authenticated

        skew = timedelta(seconds=SamlSettings.kept(connection.settings).clock_skew)
        check_authenticated(checks, verified.instant, skew=skew, now=datetime.now(UTC))

    def sign_out(self, tenant: Tenant, connection: Connection, number: str, session: str) -> Sent | None:
        """Ask the provider to end its session, which is called `session` here; None where it has no address for that."""
        from auth.saml.messages import logout_request, sent
        from auth.saml.people import named

        settings, ours = SamlSettings.kept(connection.settings), self.ours(tenant, connection)
        if settings.slo_url is None:
            return None
        request = logout_request(ours.entity_id, settings.slo_url, f"_{number}", *named(session))
        signer = keys_of(connection.secrets)[0]
        return sent(request, settings.slo_url, settings.slo_binding, field="SAMLRequest", relay=number, signer=signer)

    async def logout_asked(self, tenant: Tenant, connection: Connection, checks: Checks, arrived: Arrived) -> tuple[LogoutAsked, list[str]]:
        """What the provider wants ended, and what those sessions may be called here. Raises SignInRefused."""
        from auth.saml.logouts import asked
        from auth.saml.people import sessions_meant

        expected = self._expected(tenant, connection)
        found = await asyncio.to_thread(asked, checks, arrived, expected)
        return found, sessions_meant(found, expected.settings)

    async def logout_answered(self, tenant: Tenant, connection: Connection, checks: Checks, arrived: Arrived) -> str:
        """The number of our request. Raises SignInRefused."""
        from auth.saml.logouts import answered

        answers = await asyncio.to_thread(answered, checks, arrived, self._expected(tenant, connection))
        return answers.removeprefix("_")

    def logout_done(self, tenant: Tenant, connection: Connection, answers: str, relay: str | None, *, done: bool) -> Sent | None:
        """Tell the provider how it went; None where it has no address for that."""
        from auth.saml.messages import logout_response, sent
        from auth.saml.names import RESPONDER, SUCCESS

        settings = SamlSettings.kept(connection.settings)
        to = settings.slo_response_url or settings.slo_url
        if to is None:
            return None
        status = SUCCESS if done else RESPONDER
        response = logout_response(self.ours(tenant, connection).entity_id, to, f"_{random.token_hex(16)}", answers, status)
        return sent(response, to, settings.slo_binding, field="SAMLResponse", relay=relay, signer=keys_of(connection.secrets)[0])

    def _expected(self, tenant: Tenant, connection: Connection) -> Expected:
        from auth.saml.responses import Expected

        settings = SamlSettings.kept(connection.settings)
        return Expected(settings, self.ours(tenant, connection), keys_of(connection.secrets), datetime.now(UTC))

    async def renewed(self, connection: Connection, step: str) -> Connection:
        """Our next key: `prepare` publishes it beside the one in use, `switch` uses it, `drop` forgets the one before. Raises Conflict."""
        if connection.unopened is not None:
            raise Conflict(
                "Our keys of this connection do not open any more. Hand in the provider's values again by a set-up link: that makes new ones."
            )
        if step == "prepare":
            return replace(connection, secrets=prepared(connection.secrets, await asyncio.to_thread(new_pair, "Imprint")))
        return replace(connection, secrets=(switched if step == "switch" else dropped)(connection.secrets))

    async def reread(self, connection: Connection, metadata: str, *, keep: bool) -> Connection:
        """With the certificates of the provider's metadata: this one's, or what it publishes. `keep`: those that it had besides, too.

        Raises ValidationFailed.
        """
        settings = SamlSettings.kept(connection.settings)
        given = {"metadata": metadata, "metadata_url": settings.metadata_url, "entity_id": settings.entity_id}
        if not metadata and not settings.metadata_url:
            raise ValidationFailed({"metadata": "is missing: this connection knows no address where it is published"})
        found = await self._from_metadata(given)
        certificates = [*found["certificates"], *(settings.certificates if keep else ())]
        renewed = {**connection.settings, "certificates": certificates}
        return replace(connection, settings=SamlSettings.checked(renewed, self._fetcher.objection).document())

    async def _from_metadata(self, given: dict[str, Any]) -> dict[str, Any]:
        """Takes `metadata` out of what is given. Raises ValidationFailed."""
        text, url, chosen = given.pop("metadata", None), given.get("metadata_url"), given.get("entity_id")
        if not text and not url:
            if not chosen:
                raise ValidationFailed({"metadata_url": "is missing: give the address of the provider's metadata, or the metadata itself"})
            return {}
        field_name = "metadata" if text else "metadata_url"
        try:
            found = await self._read_metadata(str(text).encode() if text else await self._fetched(str(url)), chosen)
        except NotFetched as problem:
            raise ValidationFailed({field_name: words_of(problem)}) from None
        # What an administrator says of requests and ids counts more than what the provider would like.
        return {name: value for name, value in found.items() if name not in {"sign_requests", "name_id_format"} or given.get(name) in {None, ""}}

    async def _fetched(self, url: str) -> bytes:
        answer = await self._fetcher.get(url, {"Accept": f"{METADATA_TYPE}, application/xml, text/xml"})
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise NotFetched(sentence("the answer is {status}, not 200", status=answer.status))
        return answer.body

    @staticmethod
    async def _read_metadata(text: bytes, entity_id: str | None) -> dict[str, Any]:
        from auth.saml.documents import Unreadable
        from auth.saml.metadata import provider_of

        try:
            return await asyncio.to_thread(provider_of, text, entity_id)
        except Unreadable as problem:
            raise NotFetched(sentence("is no metadata of an identity provider: {problem}", problem=words_of(problem))) from None

    async def _same_metadata(self, settings: SamlSettings) -> Check:
        expected = as_sentence("metadata with the certificates that are kept here")
        try:
            found = await self._read_metadata(await self._fetched(settings.metadata_url or ""), settings.entity_id)
            now_there = SamlSettings.checked({**settings.document(), "certificates": found["certificates"]}, self._fetcher.objection)
        except (NotFetched, ValidationFailed) as problem:
            return Check("metadata", expected, words_of(problem))
        same = set(now_there.certificates) <= set(settings.certificates)
        return Check("metadata", expected, AS_EXPECTED if same else "others: add the provider's new metadata under Certificates", same)


KNOWN_SECRETS = frozenset({"key", "certificate", "next_key", "next_certificate", "previous_key", "previous_certificate"})


def certificate_check(name: str, certificate: str, now: datetime) -> Check:
    span = span_of(certificate)
    good = span.covers(now) and span.ends - now > WARNED_BEFORE
    seen = {"fingerprint": f"{span.fingerprint}…", "begins": f"{span.begins:%Y-%m-%d}", "ends": f"{span.ends:%Y-%m-%d}"}
    expected = sentence("good for more than {days} days", days=WARNED_BEFORE.days)
    return Check(name, expected, sentence("{fingerprint}, good from {begins} to {ends}", **seen), good)
