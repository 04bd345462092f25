"""What a SAML provider is told: requests, our metadata and our certificates."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from dataclasses import replace
from urllib.parse import quote_plus, urlsplit

import httpx
import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from litestar.types import ASGIApp
from lxml import etree

from auth.service import Auth
from auth.sso.connections import Connection
from ops.bench.identity_provider import one
from tenants.errors import Conflict
from tenants.settings import TenantSettings
from tests.integration.auth.conftest import client_at
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.saml.visiting import SECRETS, Visiting, module_of


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
    # What names last: providers that are not told send one that is another at each sign-in.
    assert [(node.text or "").rpartition(":")[2] for node in document.iterfind(".//{*}NameIDFormat")] == ["persistent", "emailAddress"]
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
