"""What is for operators alone: metrics, on a port of their own or with their token on the main one; and on that port their console."""

from __future__ import annotations

import hmac
import socket
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import structlog

from auth.clients import client_address
from ops.console.exchange import Answered, Asked
from ops.observe.metrics import exposition
from ops.settings import OperatorsSettings
from tenants.errors import ConfigurationError

SILENT_SECONDS = 10.0
LARGEST_FORM, MOST_FIELDS, MOST_DIGITS = 16 * 1024, 10, 9
FORM_TYPE = "application/x-www-form-urlencoded"

log = structlog.get_logger(__name__)


class Pages(Protocol):
    """The console."""

    def answer(self, asked: Asked) -> Answered: ...


def holds_token(authorization: bytes, token: str) -> bool:
    """Whether an Authorization header carries the operators' token. Never true where none is configured."""
    return bool(token) and hmac.compare_digest(authorization, b"Bearer " + token.encode())


class Console(ThreadingHTTPServer):
    """Answers /metrics; where a token is set, to whoever holds it. Whatever else there is, `pages` has, who ask for a session."""

    daemon_threads = True

    def __init__(
        self,
        settings: OperatorsSettings,
        silent_seconds: float = SILENT_SECONDS,
        pages: Pages | None = None,
        proxies: Sequence[IPv4Network | IPv6Network] = (),
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        self.token = settings.token
        self.silent_seconds = silent_seconds
        self.pages = pages
        self.proxies = proxies
        super().__init__((settings.host, settings.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Console
    server_version = "imprint"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.silent_seconds)

    def do_GET(self) -> None:
        metrics = self.path.partition("?")[0] == "/metrics"
        if not metrics and self.server.pages is not None:
            self._show({})
        elif self.server.token and not holds_token(self.headers.get("Authorization", "").encode("latin-1"), self.server.token):
            self._answer(HTTPStatus.UNAUTHORIZED, b"Send the operators' token: Authorization: Bearer ...\n", "text/plain")
        elif not metrics:
            self._answer(HTTPStatus.NOT_FOUND, b"There is /metrics here.\n", "text/plain")
        else:
            self._answer(HTTPStatus.OK, *exposition())

    def do_POST(self) -> None:
        if self.server.pages is None:
            self._answer(HTTPStatus.NOT_FOUND, b"There is /metrics here.\n", "text/plain")
            return
        length = self.headers.get("Content-Length", "")
        known = length.isascii() and length.isdigit() and len(length) <= MOST_DIGITS
        if not known or int(length) > LARGEST_FORM or self.headers.get_content_type() != FORM_TYPE:
            self._answer(HTTPStatus.BAD_REQUEST, b"Send one of the console's own forms.\n", "text/plain")
            return
        try:
            pairs = parse_qsl(self.rfile.read(int(length)).decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        except ValueError:
            self._answer(HTTPStatus.BAD_REQUEST, b"This form could not be read. Reload its page, and send it again.\n", "text/plain")
            return
        self._show(dict(pairs))

    def _show(self, fields: dict[str, str]) -> None:
        if self.server.pages is None:
            raise LookupError("pages")
        try:
            given = urlsplit(self.path)
            asked = Asked(self.command, unquote(given.path), dict(parse_qsl(given.query)), fields, self._said(), self._client())
            answered = self.server.pages.answer(asked)
        except Exception:  # the boundary: whoever asked gets an answer, the log what happened
            log.exception("the operators' console could not answer")
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"The console cannot answer now. `imprint doctor` says what is missing.\n", "text/plain")
            return
        self.send_response(answered.status)
        for name, value in (*answered.headers, ("Content-Length", str(len(answered.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answered.body)

    def _said(self) -> dict[str, str]:
        return {name.lower(): ", ".join(self.headers.get_all(name) or []) for name in self.headers}

    def _client(self) -> str:
        forwarded = ", ".join(self.headers.get_all("X-Forwarded-For") or [])
        return client_address(str(self.client_address[0]), forwarded, self.server.proxies) or "local"

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes every few seconds are not worth a line."""


def listen(settings: OperatorsSettings, pages: Pages | None = None, proxies: Sequence[IPv4Network | IPv6Network] = ()) -> Console:
    """Answers in a thread of its own until `shutdown`. Raises ConfigurationError where nothing can listen there."""
    try:
        server = Console(settings, pages=pages, proxies=proxies)
    except OSError as error:
        where = f"IMPRINT_OPERATORS_HOST {settings.host} with IMPRINT_OPERATORS_PORT {settings.port}"
        raise ConfigurationError([f"{where} cannot be used ({error.strerror}): choose others"]) from error
    threading.Thread(target=server.serve_forever, name="operators", daemon=True).start()
    return server
