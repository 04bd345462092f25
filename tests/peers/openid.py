"""An OpenID provider that does as it is told, also what no honest one does; real HTTP on this machine."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from auth.server.codes import challenge_of

CLIENT, SECRET = "imprint", "a secret of the client"

Change = Callable[[dict[str, Any]], None]


def nothing(_: dict[str, Any]) -> None:
    """Leave it as it is."""


@dataclass
class Provider:
    """`claims`, `header`: change what the next ID token says. `key`, `algorithm`: sign it so. `answers`: what an address says instead.

    `addresses`: what its user API lists of the person's.
    """

    port: int
    keys: dict[str, RSAKey | ECKey] = field(default_factory=lambda: {"one": RSAKey.generate_key(2048, {"kid": "one"})})
    person: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    claims: Change = nothing
    header: Change = nothing
    metadata: Change = nothing
    userinfo: Change = nothing
    key: Any = None
    algorithm: str = "RS256"
    addresses: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def honest(self) -> None:
        """As it was."""
        self.claims = self.header = self.metadata = self.userinfo = nothing
        self.key, self.algorithm = None, "RS256"
        self.answers.clear()
        self.asked.clear()

    def agree(self, address: str) -> dict[str, str]:
        """What the browser brings back when somebody has signed in."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return {"code": code, "state": query["state"], "iss": self.issuer}

    def configuration(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/me",
            "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
            "claims_supported": ["sub", "auth_time", "email", "email_verified", "name", "groups"],
        }
        self.metadata(document)
        return document

    def jwks(self) -> dict[str, Any]:
        return {"keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]}

    def tokens(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        began = self.codes.pop(form.get("code", ""), None)
        fits = (
            began is not None
            and challenge_of(form.get("code_verifier", "")) == began["code_challenge"]
            and form["redirect_uri"] == began["redirect_uri"]
        )
        proven = authorization.startswith("Basic ") or form.get("client_secret") == SECRET or "client_assertion" in form
        if began is None or not fits or not proven:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(began)}

    def id_token(self, began: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": began.get("nonce", ""), **self.person}
        if "max_age" in began:
            claims["auth_time"] = now  # it has just asked (Core, 3.1.2.1)
        self.claims(claims)
        return self.signed(claims)

    def signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.algorithm, "kid": "one"}
        self.header(header)
        if isinstance(self.key, bytes) or self.algorithm == "none":
            return _by_hand({"alg": self.algorithm, "kid": "one"}, claims, self.key)
        return jws.serialize_compact(header, json.dumps(claims), self.key or self.keys["one"], algorithms=[self.algorithm])


def _by_hand(header: dict[str, Any], claims: dict[str, Any], key: bytes | None) -> str:
    """What no library makes: unsigned, or signed with HMAC under a public key."""
    text = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{_encoded(hmac.digest(key, text.encode(), 'sha256')) if key else ''}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def running() -> Iterator[Provider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = Provider(server.server_address[1])
    server.provider = provider  # type: ignore[attr-defined] # the handler finds it there
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def provider(self) -> Provider:
        found: Provider = self.server.provider  # type: ignore[attr-defined] # put there above
        return found

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.provider.asked.append(path)
        if path == "/.well-known/openid-configuration":
            self._answer(200, self.provider.configuration())
        elif path == "/jwks":
            self._answer(200, self.provider.jwks())
        elif path in {"/me", "/me/emails"} and self.headers.get("Authorization") != "Bearer opaque":
            self._answer(401, {})
        elif path == "/me/emails":
            self._answer(200, self.provider.addresses)
        elif path == "/me":
            said = dict(self.provider.person)
            self.provider.userinfo(said)
            self._answer(200, said)
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        self.provider.asked.append(path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(*self.provider.tokens(form, self.headers.get("Authorization", "")))

    def _answer(self, status: int, document: dict[str, Any] | list[dict[str, Any]]) -> None:
        status, body, kind = self.provider.answers.get(urlsplit(self.path).path, (status, json.dumps(document).encode(), "application/json"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status in {301, 302, 303, 307}:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""
