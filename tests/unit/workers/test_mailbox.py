from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from app.users.projections import Recipient
from workers.letters import Button, letter
from workers.mail import FolderPostman
from workers.mailbox import mailbox_app

FIRST, SECOND = UUID("01900000-0000-7000-8000-000000000001"), UUID("01900000-0000-7000-8000-000000000002")


@pytest.fixture
async def client(tmp_path: Path) -> TestClient[Litestar]:
    postman = FolderPostman("http://localhost:8000", "no-reply@localhost", tmp_path)
    for number, subject in ((FIRST, "First <b>"), (SECOND, "Second")):
        to = Recipient("Ada", "ada@acme.example")
        await postman.send(letter(number, to, "Acme", subject=subject, paragraph="Read <this>.", button=Button("Open", "http://a/")))
    return TestClient(mailbox_app(tmp_path.as_uri()))


def test_the_mailbox_lists_what_was_sent_and_escapes_it(client: TestClient[Litestar]) -> None:
    page = client.get("/dev/mail")

    assert page.status_code == 200
    assert "2 mails" in page.text
    assert "First &lt;b&gt;" in page.text
    assert f'href="/dev/mail/{SECOND}"' in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_one_mail_shows_its_text_and_its_html_in_a_frame(client: TestClient[Litestar]) -> None:
    page, framed = client.get(f"/dev/mail/{FIRST}"), client.get(f"/dev/mail/{FIRST}/html")

    assert "Read &lt;this&gt;." in page.text
    assert f'src="/dev/mail/{FIRST}/html"' in page.text
    assert "Read &lt;this&gt;." in framed.text
    assert "sandbox" in framed.headers["content-security-policy"]


def test_a_mail_that_was_never_sent_is_not_found(client: TestClient[Litestar]) -> None:
    unknown = "01900000-0000-7000-8000-000000000009"

    assert client.get(f"/dev/mail/{unknown}").status_code == 404
    assert client.get("/dev/mail/..%2f..%2fetc%2fpasswd").status_code == 404


def test_pages_carry_no_inline_style_or_script(client: TestClient[Litestar]) -> None:
    for path in ("/dev/mail", f"/dev/mail/{FIRST}"):
        page = client.get(path).text
        assert "<style" not in page
        assert "style=" not in page
        assert "<script" not in page
    assert client.get("/dev/mail/style.css").headers["content-type"].startswith("text/css")


def test_an_empty_mailbox_says_what_to_do(tmp_path: Path) -> None:
    page = TestClient(mailbox_app((tmp_path / "nothing").as_uri())).get("/dev/mail")

    assert "No mails yet" in page.text
