from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from socket import socket
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from app.users.projections import Recipient
from tests.integration.conftest import House
from tests.integration.workers.conftest import Line
from workers.letters import Button, letter
from workers.mail import MailNotSent, NoPostman, Postman, postman

ID = UUID("01900000-0000-7000-8000-000000000001")
LETTER = letter(
    ID, Recipient("Ada, Countess", "ada@acme.example"), "Acme", subject="Hello", paragraph="Read this.", button=Button("Open", "http://a/")
)


class Server(Message):
    """Keeps what it gets; refuses one address."""

    def __init__(self) -> None:
        super().__init__(EmailMessage)
        self.got: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.got.append(message)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address.startswith("nobody"):
            return "550 no such person nobody@acme.example"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, int]]:
    handler = Server()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def _postman(line: Line, url: str) -> Postman:
    return postman(line.tenants, replace(line.settings, smtp_url=url))


async def test_a_letter_goes_out_by_smtp_with_the_deliverys_id(line: Line, server: tuple[Server, int], acme: House, globex: House) -> None:
    handler, port = server

    await _postman(line, f"smtp://127.0.0.1:{port}").send(LETTER)

    [mail] = handler.got
    assert mail["Message-ID"] == f"<{ID}@localhost>"
    assert mail["To"] == '"Ada, Countess" <ada@acme.example>'
    assert mail["From"] == "Imprint <no-reply@localhost>"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


async def test_a_refusal_names_no_address(line: Line, server: tuple[Server, int], acme: House, globex: House) -> None:
    _, port = server

    with pytest.raises(MailNotSent) as refused:
        await _postman(line, f"smtp://127.0.0.1:{port}").send(replace(LETTER, to_address="nobody@acme.example"))

    assert "@" not in str(refused.value)


async def test_a_password_is_never_sent_in_the_clear_to_another_machine(line: Line, server: tuple[Server, int], acme: House, globex: House) -> None:
    handler, port = server

    with pytest.raises(MailNotSent):
        await _postman(line, f"smtp://ada:secret@127.0.0.2:{port}").send(LETTER)

    assert handler.got == []


async def test_a_silent_server_is_said_to_be_unusable(line: Line, acme: House, globex: House) -> None:
    with pytest.raises(MailNotSent, match="check IMPRINT_SMTP_URL"):
        await _postman(line, "smtp://127.0.0.1:1").send(LETTER)


async def test_without_a_mail_server_the_letter_is_only_missed(line: Line, acme: House, globex: House) -> None:
    carrier = _postman(line, "")

    await carrier.send(LETTER)

    assert isinstance(carrier, NoPostman)


async def test_a_letter_written_twice_stands_in_the_mailbox_once(line: Line, acme: House, globex: House) -> None:
    from workers.mailbox import Mailbox

    carrier = _postman(line, line.settings.smtp_url)
    await carrier.send(LETTER)
    await carrier.send(LETTER)

    assert [mail.number for mail in Mailbox.at(line.settings.smtp_url).newest()[0]] == [ID]
