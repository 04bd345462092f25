"""Single logout in both directions: who is signed out by whom, and whose word for it counts."""

from __future__ import annotations

import base64
import html
import re
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from auth.saml.certificates import KeyPair
from auth.saml.names import EMAIL_ADDRESS, NAMESPACES, RSA_SHA256, SUCCESS
from ops.bench.identity_provider import Answer, at, attribute, one, pair_of, request_in, sign
from tenants.ids import new_id
from tests.forms import form_of
from tests.integration.auth.conftest import who
from tests.integration.conftest import House
from tests.saml.visiting import Visit, Visiting

IDP_SLO = "https://idp.example/slo"


def _message(visit: Visit, kind: str, inside: str, **given: str | None) -> etree._Element:
    issuer, now = visit.connection.settings["entity_id"], datetime.now(UTC)
    said = {"ID": f"_{new_id().hex}", "Version": "2.0", "IssueInstant": at(now), "Destination": visit.ours.slo} | given
    return etree.fromstring(
        f'<samlp:{kind} xmlns:samlp="{NAMESPACES["samlp"]}" xmlns:saml="{NAMESPACES["saml"]}"{"".join(attribute(*pair) for pair in said.items())}>'
        f"<saml:Issuer>{issuer}</saml:Issuer>{inside}</samlp:{kind}>"
    )


def _request(visit: Visit, answer: Answer, *indexes: str, **given: str | None) -> etree._Element:
    sessions = "".join(f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" for index in indexes)
    return _message(visit, "LogoutRequest", f'<saml:NameID Format="{EMAIL_ADDRESS}">{answer.name_id}</saml:NameID>{sessions}', **given)


def _query(field: str, message: etree._Element, *, signer: KeyPair | None = None, algorithm: str = RSA_SHA256, relay: str = "r") -> str:
    compressor = zlib.compressobj(wbits=-15)
    packed = compressor.compress(etree.tostring(message)) + compressor.flush()
    query = urlencode({field: base64.b64encode(packed), "RelayState": relay, "SigAlg": algorithm})
    key = serialization.load_pem_private_key((signer or pair_of("idp")).key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA1() if algorithm.endswith("sha1") else hashes.SHA256())
    return query + "&" + urlencode({"Signature": base64.b64encode(signature)})


async def _come_in(visit: Visit, **given: Any) -> Answer:
    answer = await visit.good(**given)
    assert (await visit.come_in(answer)).status_code == 303
    return answer


async def _is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/auth/account")).status_code == 200


async def test_the_provider_ends_the_session_that_it_names_and_no_other(visiting: Visiting) -> None:
    laptop, phone = visiting("leaving"), visiting("leaving")
    answer = await _come_in(laptop, session_index="_laptop")
    again = (await phone.good()).but(name_id=answer.name_id, session_index="_phone")
    assert (await phone.come_in(again)).status_code == 303

    told = await laptop.stranger.get(f"{laptop.path}/slo?{_query('SAMLRequest', _request(laptop, answer, '_laptop'))}")

    assert (await _is_in(laptop.browser), await _is_in(phone.browser)) == (False, True)
    assert urlsplit(told.headers["location"])._replace(query="").geturl() == IDP_SLO
    response, query = request_in(told.headers["location"])
    assert one(response, ".//samlp:StatusCode").get("Value") == SUCCESS
    assert query["RelayState"] == "r"
    assert "Signature" in query


async def test_where_the_provider_names_no_session_all_that_it_has_opened_for_the_person_end(visiting: Visiting) -> None:
    laptop, phone = visiting("leaving"), visiting("leaving")
    answer = await _come_in(laptop, session_index="_a")
    assert (await phone.come_in((await phone.good()).but(name_id=answer.name_id, session_index="_b"))).status_code == 303
    message = _request(laptop, answer)
    sign(message, pair_of("idp"))

    told = await laptop.stranger.post(f"{laptop.path}/slo", data={"SAMLRequest": base64.b64encode(etree.tostring(message)).decode()})

    assert told.status_code == 303
    assert (await _is_in(laptop.browser), await _is_in(phone.browser)) == (False, False)


async def test_a_logout_that_the_provider_did_not_ask_for_ends_nothing(visiting: Visiting) -> None:
    visit = visiting("leaving")
    answer = await _come_in(visit, session_index="_s")
    old = at(datetime.now(UTC) - timedelta(minutes=10))
    queries = {
        "another key": _query("SAMLRequest", _request(visit, answer, "_s"), signer=pair_of("evil")),
        "SHA-1": _query("SAMLRequest", _request(visit, answer, "_s"), algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        "not signed": _query("SAMLRequest", _request(visit, answer, "_s")).partition("&Signature")[0],
        "changed": _query("SAMLRequest", _request(visit, answer, "_s")).replace("RelayState=r", "RelayState=s"),
        "twice": _query("SAMLRequest", _request(visit, answer, "_s")) + "&SAMLRequest=x",
        "the same twice": _query("SAMLRequest", _request(visit, answer, "_s")) + "&RelayState=r",
        "meant for another": _query("SAMLRequest", _request(visit, answer, "_s", Destination="https://other.example/slo")),
        "no destination": _query("SAMLRequest", _request(visit, answer, "_s", Destination=None)),
        "old": _query("SAMLRequest", _request(visit, answer, "_s", IssueInstant=old)),
        "over": _query("SAMLRequest", _request(visit, answer, "_s", NotOnOrAfter=old)),
        "another kind": _query("SAMLRequest", _message(visit, "LogoutResponse", "")),
        "nobody": _query("SAMLRequest", _message(visit, "LogoutRequest", "")),
    }

    found = {line: await visit.check(await visit.stranger.get(f"{visit.path}/slo?{query}")) for line, query in queries.items()}

    assert found == {
        "another key": "signed",
        "SHA-1": "signature_algorithm",
        "not signed": "signed",
        "changed": "signed",
        "twice": "signed",
        "the same twice": "signed",
        "meant for another": "destination",
        "no destination": "destination",
        "old": "issued",
        "over": "logout_time",
        "another kind": "message_kind",
        "nobody": "logout_name",
    }
    for wrong in (pair_of("evil"), None):
        message = _request(visit, answer, "_s")
        if wrong:
            sign(message, wrong)
        page = await visit.stranger.post(f"{visit.path}/slo", data={"SAMLRequest": base64.b64encode(etree.tostring(message)).decode()})
        assert await visit.check(page) == "signed"
    assert await _is_in(visit.browser)


async def test_a_request_that_is_good_until_the_end_of_the_calendar_is_taken(visiting: Visiting) -> None:
    visit = visiting("leaving")
    answer = await _come_in(visit, session_index="_s")
    query = _query("SAMLRequest", _request(visit, answer, "_s", NotOnOrAfter="9999-12-31T23:59:59Z"))

    assert (await visit.stranger.get(f"{visit.path}/slo?{query}")).status_code == 303
    assert not await _is_in(visit.browser)


async def test_a_request_that_came_before_is_refused(visiting: Visiting) -> None:
    visit = visiting("leaving")
    answer = await _come_in(visit, session_index="_s")
    query = _query("SAMLRequest", _request(visit, answer, "_s"))

    first, second = [await visit.stranger.get(f"{visit.path}/slo?{query}") for _ in range(2)]

    assert first.status_code == 303
    assert await visit.check(second) == "logout_once"


async def test_what_another_organizations_provider_says_ends_nothing_here(visiting: Visiting) -> None:
    here, there = visiting("leaving"), visiting("plain", at="globex")
    answer = await _come_in(here, session_index="_s")
    theirs = _request(there, answer, "_s", Destination=here.ours.slo)

    page = await here.stranger.get(f"{here.path}/slo?{_query('SAMLRequest', theirs)}")

    assert await here.check(page) == "issuer"
    assert await _is_in(here.browser)


async def _sign_out(visit: Visit) -> httpx.Response:
    page = await visit.browser.get("/auth/logout")
    form = form_of(page)
    return await visit.browser.post("/auth/logout", data={"form": form}, headers={"Origin": "http://acme.localhost:8000"})


async def test_whoever_signs_out_here_is_signed_out_at_the_provider_too(visiting: Visiting) -> None:
    visit = visiting("leaving")
    answer = await _come_in(visit, session_index="_mine")

    page = await _sign_out(visit)

    assert not await _is_in(visit.browser)
    there = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert there
    request, query = request_in(html.unescape(there[1]))
    assert "Signature" in query
    assert (one(request, ".//saml:NameID").text, one(request, ".//samlp:SessionIndex").text) == (answer.name_id, "_mine")
    assert one(request, ".//saml:NameID").get("Format") == EMAIL_ADDRESS
    done = f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>'
    answered = _query("SAMLResponse", _message(visit, "LogoutResponse", done, InResponseTo=request.get("ID")))
    first, second = [await visit.browser.get(f"{visit.path}/slo?{answered}") for _ in range(2)]
    assert (first.status_code, first.headers["location"]) == (303, "/auth/login?signed-out")
    assert await visit.check(second, "signed out at your provider is not sure") == "saml_logout_known"


async def test_an_answer_counts_only_for_the_connection_whose_provider_was_asked(acme: House, visiting: Visiting) -> None:
    visit = visiting("leaving")
    number = await visit.auth.parts.handles.keep(acme.tenant, "saml_logout", {"connection": "plain"}, seconds=60)
    done = f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>'

    page = await visit.browser.get(f"{visit.path}/slo?{_query('SAMLResponse', _message(visit, 'LogoutResponse', done, InResponseTo=f'_{number}'))}")

    (refused,) = await visit.auth.parts.trail.refusals(acme.tenant, most=1)
    assert (page.status_code, refused.check, refused.trace in page.text) == (401, "same_connection", True)


async def test_without_an_address_at_the_provider_signing_out_ends_here(visiting: Visiting) -> None:
    visit = visiting("plain")
    await _come_in(visit)

    page = await _sign_out(visit)

    assert (page.status_code, page.headers["location"]) == (303, "/auth/login?signed-out")
    assert (await who(visit.browser))["me"] is None
