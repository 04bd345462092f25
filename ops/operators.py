"""What is for operators alone: metrics, on a port of their own or with their token on the main one."""

from __future__ import annotations

import hmac
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ops.observe.metrics import exposition
from tenants.errors import ConfigurationError


def holds_token(authorization: bytes, token: str) -> bool:
    """Whether an Authorization header carries the operators' token. Never true where none is configured."""
    return bool(token) and hmac.compare_digest(authorization, b"Bearer " + token.encode())


class _Handler(BaseHTTPRequestHandler):
    server_version = "imprint"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body, kind = exposition()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Scrapes every few seconds are not worth a line."""


def listen(host: str, port: int) -> ThreadingHTTPServer:
    """Answers /metrics in a thread of its own until `shutdown`. Raises ConfigurationError where the port is taken."""
    try:
        server = ThreadingHTTPServer((host, port), _Handler)
    except OSError as error:
        raise ConfigurationError([f"IMPRINT_OPERATORS_PORT {port} cannot be used ({error.strerror}): choose another"]) from error
    threading.Thread(target=server.serve_forever, name="operators", daemon=True).start()
    return server
