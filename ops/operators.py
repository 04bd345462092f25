"""What is for operators alone: metrics, on a port of their own or with their token on the main one."""

from __future__ import annotations

import hmac
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ops.observe.metrics import exposition
from ops.settings import OperatorsSettings
from tenants.errors import ConfigurationError

SILENT_SECONDS = 10.0


def holds_token(authorization: bytes, token: str) -> bool:
    """Whether an Authorization header carries the operators' token. Never true where none is configured."""
    return bool(token) and hmac.compare_digest(authorization, b"Bearer " + token.encode())


class Console(ThreadingHTTPServer):
    """Answers /metrics; where a token is set, to whoever holds it."""

    daemon_threads = True

    def __init__(self, settings: OperatorsSettings, silent_seconds: float = SILENT_SECONDS) -> None:
        self.address_family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        self.token = settings.token
        self.silent_seconds = silent_seconds
        super().__init__((settings.host, settings.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Console
    server_version = "imprint"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.silent_seconds)

    def do_GET(self) -> None:
        if self.server.token and not holds_token(self.headers.get("Authorization", "").encode("latin-1"), self.server.token):
            self._answer(HTTPStatus.UNAUTHORIZED, b"Send the operators' token: Authorization: Bearer ...\n", "text/plain")
        elif self.path.partition("?")[0] != "/metrics":
            self._answer(HTTPStatus.NOT_FOUND, b"There is /metrics here.\n", "text/plain")
        else:
            self._answer(HTTPStatus.OK, *exposition())

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


def listen(settings: OperatorsSettings) -> Console:
    """Answers in a thread of its own until `shutdown`. Raises ConfigurationError where nothing can listen there."""
    try:
        server = Console(settings)
    except OSError as error:
        where = f"IMPRINT_OPERATORS_HOST {settings.host} with IMPRINT_OPERATORS_PORT {settings.port}"
        raise ConfigurationError([f"{where} cannot be used ({error.strerror}): choose others"]) from error
    threading.Thread(target=server.serve_forever, name="operators", daemon=True).start()
    return server
