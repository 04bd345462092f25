from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from app.users.projections import Recipient
from workers.letters import Button, letter
from workers.mail import Letter, UnusableAddress, composed

UNUSABLE = (
    "jürgen@acme.example",
    "ada@jürgen.example",
    "a..b@acme.example",
    ".a@acme.example",
    "a b@acme.example",
    "a@b@acme.example",
    "a@acme.example\r\nBcc: b@acme.example",
    "a\u200bb@acme.example",
    "a@",
    "",
)
ID = UUID("01900000-0000-7000-8000-000000000001")


def _letter(subject: str = "Hello", paragraph: str = "Read this.", name: str = "Ada") -> Letter:
    to = Recipient(name, "ada@acme.example")
    return letter(ID, to, "Acme & Sons", subject=subject, paragraph=paragraph, button=Button("Open the post", "http://acme.localhost/x"))


def test_both_parts_say_the_same_and_lead_to_the_same_place() -> None:
    written = _letter()

    for part in (written.text, written.html):
        assert "Read this." in part
        assert "Open the post" in part
        assert "http://acme.localhost/x" in part


def test_what_people_wrote_is_text_in_the_html_part_and_untouched_in_the_other() -> None:
    written = _letter(paragraph='<script>alert("x")</script>')

    assert "<script>" not in written.html
    assert "&lt;script&gt;" in written.html
    assert '<script>alert("x")</script>' in written.text


def test_a_subject_stays_one_header_whatever_it_holds() -> None:
    message = composed(_letter(subject="Hello\r\nBcc: everybody@evil.example\0" + "x" * 300), "no-reply@localhost")

    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: everybody@evil.example " + "x" * 115 + "…"


def test_a_name_cannot_become_a_second_recipient() -> None:
    message = composed(_letter(name='Ada" <evil@evil.example>, "'), "no-reply@localhost")

    assert [address.addr_spec for address in message["To"].addresses] == ["ada@acme.example"]


def test_a_letter_says_that_a_program_wrote_it_and_keeps_its_id() -> None:
    first, second = composed(_letter(), "no-reply@localhost"), composed(_letter(), "no-reply@localhost")

    assert first["Message-ID"] == second["Message-ID"] == f"<{ID}@localhost>"
    assert first["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("address", UNUSABLE)
def test_a_letter_to_an_address_that_no_server_takes_is_refused_without_naming_it(address: str) -> None:
    with pytest.raises(UnusableAddress) as refused:
        composed(replace(_letter(), to_address=address), "no-reply@localhost")

    assert "@" not in str(refused.value)
    assert "correct it" in str(refused.value)
