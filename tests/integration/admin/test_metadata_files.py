"""A provider's metadata handed in as the file that it lets people download."""

from __future__ import annotations

import httpx
import pytest

from auth.service import Auth
from ops.bench.identity_provider import metadata, pair_of
from tenants.ids import new_id
from tests.forms import form_of
from tests.integration.admin.console import kept_by
from tests.integration.conftest import House

PAGE = "/admin/sign-on/new/saml"


async def hand_in(browser: httpx.AsyncClient, page: str, to: str, content: bytes, **typed: str) -> httpx.Response:
    form = form_of(await browser.get(page))
    return await browser.post(to, data={"form": form, **typed}, files={"metadata_file": ("idp.xml", content, "application/xml")})


async def test_a_provider_is_connected_by_its_file_and_renewed_by_another(auth: Auth, admin: httpx.AsyncClient, acme: House) -> None:
    name, first, second = f"c{new_id().hex[:20]}", pair_of("filed"), pair_of("filed-next")

    made = await hand_in(admin, PAGE, PAGE, b"\xef\xbb\xbf" + metadata(first.certificate).encode(), name=name, metadata="", metadata_url="")
    there = f"/admin/sign-on/{name}"
    added = await hand_in(admin, there, f"{there}/certificates", metadata(second.certificate).encode(), do="add", metadata="")

    assert (made.status_code, added.status_code) == (303, 303), made.text
    assert len((await kept_by(auth, acme, name)).settings["certificates"]) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe<\x00x\x00", "no text in UTF-8"), (b"<x/>", "is no metadata"), (b"", "is missing"), (b"a" * 300_000, "longer than")],
    ids=["not UTF-8", "no metadata", "empty", "too long"],
)
async def test_a_file_that_is_none_is_refused_in_words_and_nothing_is_made(
    admin: httpx.AsyncClient, acme: House, auth: Auth, content: bytes, said: str
) -> None:
    name = f"c{new_id().hex[:20]}"

    answer = await hand_in(admin, PAGE, PAGE, content, name=name)

    assert answer.status_code == 400
    assert said in answer.text
    auth.parts.connections.forget(acme.tenant)
    assert name not in {one.name for one in await auth.parts.connections.of(acme.tenant)}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        b'--b\r\nContent-Disposition: form-data; name="form"\r\n\r\nx',
        b'--b\r\nContent-Disposition: form-data; name="form"\r\n\r\n\xff\r\n--b--\r\n',
        b"--b\r\n" + b"X: y\r\n" * 100 + b"\r\n\r\n--b--\r\n",
        b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % number for number in range(50)) + b"--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="form"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name="form"\r\n\r\ny\r\n--b--\r\n',
    ],
    ids=["nothing", "no end", "no last line", "no text", "many headers", "many fields", "a field twice"],
)
async def test_what_is_no_form_with_a_file_is_refused(admin: httpx.AsyncClient, body: bytes) -> None:
    answer = await admin.post(PAGE, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})

    assert answer.status_code == 400
    assert "form" in answer.text


async def test_forms_without_files_take_none(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("/auth/login", data={"login": "x"}, files={"password": ("p", b"x", "text/plain")})

    assert answer.status_code == 415
