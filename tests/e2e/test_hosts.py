from __future__ import annotations

import asyncio
import json

import pytest

from tests.e2e.conftest import Running

GET = "GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"
QUERY = "/graphql?query=%7B__typename%7D"
NOBODYS = {"error": "not_found", "message": "There is nothing at this address. Check the organization's part of the host name."}


async def answered(running: Running, headers: str, path: str = QUERY) -> str:
    """The status line and the rest of the answer to a request sent as it is written here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(GET.format(path=path, headers=headers).encode("latin-1"))
    answer = await reader.read()
    writer.close()
    return answer.decode("latin-1")


@pytest.mark.parametrize(
    "host",
    [
        "nobody.localhost",
        "www.localhost",
        "a@evil",
        "acme.localhost@evil.example",
        "acme.localhost.",
        "acme..localhost",
        "xn--80ak6aa92e.localhost",
        "\xe4cme.localhost",
        "a" * 64 + ".localhost",
        "acme'--.localhost",
        'acme".localhost',
        "acme;.localhost",
        "acme.localhost:99999",
        "acme.localhost:80:80",
        "t_00000000000000000000000000000000.localhost",
        "control.localhost",
    ],
)
async def test_hosts_that_are_nobodys_get_one_answer(running: Running, host: str) -> None:
    answer = await answered(running, f"Host: {host}\r\n")

    assert answer.split()[1] == "404"
    assert json.loads(answer.partition("\r\n\r\n")[2]) == NOBODYS


@pytest.mark.parametrize(
    "headers", ["", "Host: \r\n", "Host: acme.localhost\r\nHost: globex.localhost\r\n", "Host: acme.localhost\r\nHost: acme.localhost\r\n"]
)
async def test_no_host_and_two_hosts_are_nobodys(running: Running, headers: str) -> None:
    answer = await answered(running, headers)

    assert answer.split()[1] == "404"
    assert json.loads(answer.partition("\r\n\r\n")[2]) == NOBODYS


@pytest.mark.parametrize(
    "headers",
    [
        "Host: evil.example\r\n",
        "Host: 127.0.0.1\r\n",
        "Host: acme.localhost\r\n",
        "Host: api.localhost\r\n",
        "Host: localhost\r\nHost: localhost\r\n",
        "Host: evil.example\r\nX-Forwarded-Host: localhost\r\n",
        "",
    ],
)
async def test_the_mailbox_of_development_is_on_the_base_host_alone(running: Running, headers: str) -> None:
    mailbox = "/dev/mail"

    assert (await answered(running, headers, mailbox)).split()[1] == "404"
    assert "<h1>Mail</h1>" in await answered(running, "Host: localhost\r\n", mailbox)


async def test_a_forwarded_host_is_not_believed(running: Running) -> None:
    answer = await answered(running, "Host: acme.localhost\r\nX-Forwarded-Host: globex.localhost\r\n")
    elsewhere = await answered(running, "Host: nobody.localhost\r\nX-Forwarded-Host: acme.localhost\r\n")

    assert (answer.split()[1], elsewhere.split()[1]) == ("200", "404")


async def test_upper_case_and_a_port_are_the_same_organization(running: Running) -> None:
    assert (await answered(running, f"Host: ACME.Localhost:{running.port}\r\n")).split()[1] == "200"


async def test_a_token_of_one_organization_is_refused_at_another(running: Running) -> None:
    token = await running.token("acme", "editor")

    async with running.client("globex", token) as client:
        answer = await client.post("/graphql", json={"query": "{ me { name } }"})

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_on_the_api_host_the_token_names_the_organization(running: Running) -> None:
    for slug, name in (("acme", "Acme Press"), ("globex", "Globex Journal")):
        async with running.client("api", await running.token(slug, "editor")) as client:
            answer = await client.post("/graphql", json={"query": "{ organization { slug name } }"})
        assert answer.json() == {"data": {"organization": {"slug": slug, "name": name}}}
