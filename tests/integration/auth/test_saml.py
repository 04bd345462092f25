"""Signing in through a SAML provider, for two organizations; what the provider is told of us, and what we keep of it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from litestar.types import ASGIApp
from lxml import etree

from auth.saml.names import PAIRWISE_ID, SUBJECT_ID, TRANSIENT
from auth.service import Auth
from auth.sso.connections import Connection
from ops.bench.identity_provider import metadata, one, pair_of
from tenants.errors import Conflict, ValidationFailed
from tenants.settings import TenantSettings
from tests.integration.auth.conftest import client_at, who
from tests.integration.conftest import House
from tests.integration.tenants.lives import as_owner
from tests.saml.visiting import SECRETS, Visit, module_of

Visiting = Callable[..., Visit]


async def test_people_of_two_organizations_come_in_each_through_their_own_provider(visiting: Visiting, acme: House, globex: House) -> None:
    for slug in ("acme", "globex"):
        visit = visiting("plain", at=slug)
        groups = {"groups": ("staff", "other"), "displayName": ("Nell Who",)}
        answer = await visit.good(attributes=groups)

        done = await visit.come_in(answer)

        assert (done.status_code, done.headers["location"]) == (303, "/auth/account")
        me = await who(visit.browser)
        assert (me["me"]["role"], me["organization"]["slug"]) == ("author", slug)
        assert "Nell Who" in (await visit.browser.get("/auth/account")).text


@pytest.mark.parametrize("name", [SUBJECT_ID, PAIRWISE_ID])
async def test_where_the_name_does_not_last_the_subject_id_says_who_it_is(name: str, visiting: Visiting) -> None:
    found = []
    for written in ("nell-7@acme.example", "NELL-7@Acme.Example"):
        visit = visiting("plain")
        said = {name: (written,), "mail": ("nell.seven@acme.example",)}
        done = await visit.come_in(await visit.good(name_id=f"_{written}-once", name_format=TRANSIENT, attributes=said))
        assert done.headers["location"] == "/auth/account"
        found.append((await who(visit.browser))["me"])

    assert found[0] is not None
    assert found[0] == found[1]


@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
@pytest.mark.parametrize("cipher", [None, xmlsec.Transform.AES128_GCM, xmlsec.Transform.AES256_GCM])
async def test_an_assertion_may_be_encrypted_and_signed_in_each_way(signed: str, cipher: Any, visiting: Visiting) -> None:
    visit = visiting("plain")
    sealed = {"encrypt_to": SECRETS["certificate"], "cipher": cipher} if cipher else {}

    done = await visit.come_in(await visit.good(signed=signed, **sealed))

    assert done.headers["location"] == "/auth/account"


async def test_cbc_is_taken_within_a_response_that_the_provider_signed(visiting: Visiting) -> None:
    visit = visiting("plain")
    sealed = {"encrypt_to": SECRETS["certificate"], "cipher": xmlsec.Transform.AES256}

    assert (await visit.come_in(await visit.good(signed="both", **sealed))).headers["location"] == "/auth/account"


async def test_where_encryption_is_asked_for_nothing_else_is_taken(visiting: Visiting) -> None:
    visit = visiting("sealed")

    refused = await visit.check(await visit.send(await visit.good()))
    done = await visit.come_in(await visit.good(encrypt_to=SECRETS["certificate"]))

    assert (refused, done.headers["location"]) == ("encrypted", "/auth/account")


async def test_both_of_a_providers_certificates_are_accepted_while_both_are_configured(visiting: Visiting) -> None:
    visit = visiting("rolling")

    done = [await visit.come_in(await visit.good(signer=pair_of(name))) for name in ("idp", "idp-next")]

    assert [page.headers["location"] for page in done] == ["/auth/account"] * 2
    assert await visit.check(await visit.send(await visit.good(signer=pair_of("evil")))) == "verified"


async def test_clocks_may_differ_by_a_minute(visiting: Visiting) -> None:
    visit = visiting("plain")

    done = [await visit.come_in(await visit.good(conditions_for=-40)), await visit.come_in(await visit.good(issued=40))]

    assert [page.headers["location"] for page in done] == ["/auth/account"] * 2


async def test_somebody_goes_on_to_where_they_wanted_on_this_host_and_nowhere_else(visiting: Visiting) -> None:
    visit = visiting("plain")
    wanted = ("/admin?tab=1", "https://evil.example/", "//evil.example")

    pages = [await visit.come_in(await visit.good(path)) for path in wanted]

    assert [page.headers["location"] for page in pages] == ["/admin?tab=1", "/auth/account", "/auth/account"]


async def test_the_login_page_leads_to_the_provider_and_the_request_says_where_to_answer(visiting: Visiting) -> None:
    visit = visiting("plain")
    page = await visit.browser.get("/auth/login", params={"next": "/admin"})
    assert f'href="{visit.path}/login?next=%2Fadmin"' in page.text

    answer = await visit.browser.get(f"{visit.path}/login")

    assert urlsplit(answer.headers["location"])._replace(query="").geturl() == "https://idp.example/sso"
    assert answer.headers["cache-control"] == "no-store"
    await visit.ask()
    request, _ = _message(visit.asked)
    assert request.get("AssertionConsumerServiceURL") == visit.ours.acs == "http://acme.localhost:8000/auth/saml/plain/acs"
    assert one(request, "./saml:Issuer").text == visit.ours.entity_id == "http://acme.localhost:8000/auth/saml/plain/metadata"
    assert "Signature" not in visit.asked


async def test_at_an_organizations_own_host_signing_in_goes_by_the_address_that_the_provider_knows(
    app: ASGIApp, migrated: TenantSettings, acme: House, saml: dict[tuple[str, str], Connection]
) -> None:
    host = "saml.acme.test"
    async with as_owner(migrated) as owner:
        await owner.execute("INSERT INTO control.domains (host, organization_id, verified_at) VALUES ($1, $2, now())", host, acme.tenant.id)
    try:
        async with client_at(app, host) as client:
            while (page := await client.get("/auth/saml/plain/login?next=%2Fadmin")).status_code == 404:
                await asyncio.sleep(0.05)
    finally:
        async with as_owner(migrated) as owner:
            await owner.execute("DELETE FROM control.domains WHERE host = $1", host)

    assert page.headers["location"] == "http://acme.localhost:8000/auth/saml/plain/login?next=%2Fadmin"
    assert "set-cookie" not in page.headers


async def test_where_the_provider_takes_posts_a_signed_request_goes_by_a_form(visiting: Visiting) -> None:
    visit = visiting("posted")

    page = await visit.browser.get(f"{visit.path}/login")

    assert 'action="https://idp.example/sso"' in page.text
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]+)"', page.text))
    request = etree.fromstring(base64.b64decode(fields["SAMLRequest"]))
    assert _signed_by(request, SECRETS["certificate"])
    assert request.get("ID") == f"_{fields['RelayState']}"


async def test_a_request_by_redirect_is_signed_where_the_provider_wants_it(auth: Auth, acme: House, saml: dict[tuple[str, str], Connection]) -> None:
    connection = saml["acme", "plain"]
    signing = replace(connection, settings={**connection.settings, "sign_requests": True})

    query = urlsplit(module_of(auth).sign_in(acme.tenant, signing, "abc").url).query

    text, _, signature = query.rpartition("&Signature=")
    key = x509.load_pem_x509_certificate(SECRETS["certificate"].encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.b64decode(_unquoted(signature)), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert text.endswith("SigAlg=" + quote_plus("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"))


async def test_our_metadata_says_what_a_provider_has_to_know_and_our_next_certificate(auth: Auth, visiting: Visiting) -> None:
    visit = visiting("plain")
    module = module_of(auth)
    page = await visit.browser.get(f"{visit.path}/metadata")
    document = etree.fromstring(page.content)

    prepared = await module.renewed(visit.connection, "prepare")
    switched = await module.renewed(prepared, "switch")
    dropped = await module.renewed(switched, "drop")

    assert page.headers["content-type"].startswith("application/samlmetadata+xml")
    assert document.get("entityID") == visit.ours.entity_id
    assert one(document, ".//md:AssertionConsumerService").get("Location") == visit.ours.acs
    assert {node.get("Location") for node in document.iterfind(".//{*}SingleLogoutService")} == {visit.ours.slo}
    ways = document.iterfind(".//{*}KeyDescriptor[@use='encryption']/{*}EncryptionMethod")
    assert [node.get("Algorithm", "").partition("#")[2] for node in ways] == ["aes256-gcm", "aes192-gcm", "aes128-gcm", "rsa-oaep-mgf1p"]
    counts = [_certificates(module.metadata(visit.house.tenant, connection)) for connection in (visit.connection, prepared, switched, dropped)]
    assert [len(found) for found in counts] == [1, 2, 1, 1]
    assert counts[1] == counts[0] | counts[2]
    assert counts[2] == counts[3] != counts[0]
    with pytest.raises(Conflict):
        await module.renewed(prepared, "prepare")
    with pytest.raises(Conflict):
        await module.renewed(visit.connection, "switch")


async def test_what_was_encrypted_for_the_key_before_or_the_next_one_can_be_read(auth: Auth, visiting: Visiting) -> None:
    from auth.sso.checks import Checks

    visit = visiting("plain")
    module = module_of(auth)
    prepared = await module.renewed(visit.connection, "prepare")
    switched = await module.renewed(prepared, "switch")
    old, new = SECRETS["certificate"], switched.secrets["certificate"]

    for connection, certificate in ((prepared, new), (prepared, old), (switched, old), (switched, new)):
        answer = await visit.good(encrypt_to=certificate)
        verified, _ = await module.verified(visit.house.tenant, connection, Checks(), answer.encoded())
        assert verified.name_id == answer.name_id


async def test_settings_come_from_metadata_and_all_that_is_wrong_is_said_at_once(auth: Auth) -> None:
    module = module_of(auth)
    settings, secrets = await module.settle({"metadata": metadata(pair_of("idp").certificate, slo="https://idp.example/slo", wants_signed=True)}, {})
    assert (settings["entity_id"], settings["sso_url"]) == ("https://idp.example/metadata", "https://idp.example/sso")
    assert (settings["slo_url"], settings["sign_requests"]) == ("https://idp.example/slo", True)
    assert settings["certificates"] == [pair_of("idp").certificate]
    assert set(secrets) == {"key", "certificate"}
    again = await module.settle(settings, secrets)
    assert again == (settings, secrets)

    wrong = {}
    cases: dict[str, dict[str, Any]] = {
        "nothing": {},
        "no provider": {"metadata": "<x/>"},
        "document type": {"metadata": "<!DOCTYPE x>" + metadata(pair_of("idp").certificate)},
        "bomb": {"metadata": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'},
        "large": {"metadata": "<x>" + "a" * 1_100_000 + "</x>"},
        "by hand": {"entity_id": "x", "sso_url": "ftp://x", "certificates": "no", "clock_skew": 1000, "sso_binding": "artifact", "more": 1},
        "no certificate": {"metadata": metadata()},
    }
    for name, given in cases.items():
        with pytest.raises(ValidationFailed) as caught:
            await module.settle(given, {})
        wrong[name] = sorted(caught.value.fields)
    assert wrong == {
        "nothing": ["metadata_url"],
        "no provider": ["metadata"],
        "document type": ["metadata"],
        "bomb": ["metadata"],
        "large": ["metadata"],
        "by hand": ["certificates", "clock_skew", "more", "sso_binding", "sso_url"],
        "no certificate": ["certificates"],
    }


async def test_examining_a_connection_tells_of_certificates_that_end_soon(auth: Auth, acme: House, saml: dict[tuple[str, str], Connection]) -> None:
    module = module_of(auth)
    soon = pair_of("soon", days=20).certificate
    ending = replace(saml["acme", "plain"], settings={**saml["acme", "plain"].settings, "certificates": [soon]})

    good = await module.examine(acme.tenant, saml["acme", "plain"])
    bad = await module.examine(acme.tenant, ending)

    assert [(check.name, check.passed) for check in good] == [("provider_certificate", True), ("own_certificate", True)]
    assert [(check.name, check.passed) for check in bad] == [("provider_certificate", False), ("own_certificate", True)]


async def test_a_rehearsal_shows_the_check_that_failed_to_whoever_rehearses(auth: Auth, acme: House, visiting: Visiting) -> None:
    visit = visiting("off")
    secret = "a-browsers-session"
    visit.browser.cookies.set(auth.parts.cookies.session, secret, domain="acme.localhost")
    began = {"connection": "off"}
    results = []
    for changes in ({}, {"audience": "https://other.example"}, {"signed": "none"}):
        handle = await auth.parts.handles.keep(acme.tenant, "rehearsal", began, seconds=60, browser=secret)
        done = await visit.come_in(await visit.good(f"/admin/sign-on/off/test/{handle}", **changes))
        kept = await auth.parts.handles.take(acme.tenant, "rehearsed", done.headers["location"].partition("result=")[2], secret)
        results.append([check["name"] for check in kept["checks"] if not check["passed"]])
        assert len(kept["checks"]) > 5
        # Nothing is looked at behind the check that failed.
        assert all(check["passed"] for check in kept["checks"][:-1])

    assert results == [[], ["verified"], ["signed"]]


@pytest.fixture
async def metadata_server() -> AsyncIterator[dict[str, Any]]:
    """Serves, on this machine, whatever a test puts into it under a path."""
    served: dict[str, Any] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1].decode()
        body = served.get(path, "").encode()
        status = "200 OK" if body else "302 Found\r\nLocation: /good"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    served["base"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield served
    server.close()
    await server.wait_closed()


async def test_metadata_is_read_at_its_address_and_looked_at_again(auth: Auth, acme: House, metadata_server: dict[str, Any]) -> None:
    module = module_of(auth)
    url = metadata_server["base"] + "/good"
    metadata_server["/good"] = metadata(pair_of("idp").certificate)
    settings, secrets = await module.settle({"metadata_url": url}, {})
    connection = Connection(acme.tenant.id, "x", "saml", "X", True, True, "reader", settings, secrets)  # noqa: FBT003
    same = await module.examine(acme.tenant, connection)
    metadata_server["/good"] = metadata(pair_of("idp").certificate, pair_of("idp-next").certificate)
    other = await module.examine(acme.tenant, connection)

    assert settings["metadata_url"] == url
    assert (same[-1].name, same[-1].passed, other[-1].passed) == ("metadata", True, False)
    with pytest.raises(ValidationFailed, match="redirect"):
        await module.settle({"metadata_url": metadata_server["base"] + "/moved"}, {})


async def test_outside_of_dev_metadata_is_fetched_by_https_and_from_public_addresses_only(auth: Auth) -> None:
    from auth.saml.module import SamlModule
    from auth.sso.fetching import Fetcher

    module = SamlModule(auth.parts.addresses, Fetcher(dev=False))
    for url in ("http://idp.example/metadata", "https://127.0.0.1/metadata", "https://10.0.0.1/", "https://[::1]/", "https://localhost/x"):
        with pytest.raises(ValidationFailed) as caught:
            await module.settle({"metadata_url": url}, {})
        assert list(caught.value.fields) == ["metadata_url"]
        assert re.search(r"inside of a private network|has to begin with https", str(caught.value.fields["metadata_url"]))


def _message(asked: dict[str, str]) -> tuple[etree._Element, str]:
    import zlib

    return etree.fromstring(zlib.decompress(base64.b64decode(asked["SAMLRequest"]), -zlib.MAX_WBITS)), asked["RelayState"]


def _certificates(text: bytes) -> set[str]:
    """Fingerprints of those that may sign."""
    document = etree.fromstring(text)
    found = document.iterfind(".//{*}KeyDescriptor[@use='signing']//{*}X509Certificate")
    return {hashlib.sha256((node.text or "").encode()).hexdigest() for node in found}


def _signed_by(root: etree._Element, certificate: str) -> bool:
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate, xmlsec.KeyFormat.CERT_PEM, None)
    context.verify(one(root, "./ds:Signature"))
    return True


def _unquoted(text: str) -> str:
    return str(httpx.QueryParams(f"x={text}")["x"])
