"""What a connection to a SAML provider is made of, and how it is examined."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from auth.service import Auth
from auth.sso.connections import Connection
from ops.bench.identity_provider import metadata, pair_of
from tenants.errors import ValidationFailed
from tests.integration.conftest import House
from tests.saml.visiting import Visiting, module_of


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

    assert results == [[], ["audience"], ["signed"]]


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
