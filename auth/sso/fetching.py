"""Asking an identity provider over HTTP, guarded: an address that an administrator typed must not reach into the installation's own network."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from auth.reach import Reach
from auth.sso.troubles import trouble
from tenants.sentences import as_sentence, sentence

LARGEST = 1024 * 1024
SECONDS = 8.0
LONGEST_URL = 2000

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The IP addresses of a host."""


class NotFetched(Exception):
    """Why nothing came, in words for whoever set the address up."""


@dataclass(frozen=True, slots=True)
class Fetched:
    status: int
    body: bytes

    def document(self) -> dict[str, Any]:
        """The JSON object in it. Raises NotFetched."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            raise NotFetched("the answer is no JSON") from None
        if not isinstance(found, dict):
            raise NotFetched("the answer is no JSON object")
        return found


class Fetcher:
    """Follows no redirect, waits `SECONDS` at most, takes `LARGEST` bytes. `dev`: this machine and plain http are allowed, too.

    `private`: networks that are asked though they are not public, see `auth.reach`.
    """

    def __init__(self, *, dev: bool, private: tuple[IPv4Network | IPv6Network, ...] = (), resolve: Resolve | None = None) -> None:
        self._dev = dev
        self._reach = Reach(private, everywhere=dev)
        self._resolve = resolve or _system
        self._tls = httpx.create_ssl_context()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fetched:
        """Raises NotFetched."""
        return await self._ask("GET", url, {"Accept": "application/json", **(headers or {})}, None)

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Fetched:
        """Raises NotFetched."""
        return await self._ask("POST", url, {"Accept": "application/json", **(headers or {})}, form)

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None) -> Fetched:
        if problem := self.objection(url):
            raise NotFetched(sentence("the address {problem}", problem=as_sentence(problem)))
        parts = urlsplit(url)
        host = parts.hostname or ""
        try:
            async with asyncio.timeout(SECONDS):
                address = await self._address(host, parts.port or (443 if parts.scheme == "https" else 80))
                return await self._fetched(method, url, address, host, headers, form)
        except TimeoutError:
            raise NotFetched(sentence("{host} did not answer within {seconds} seconds", host=host, seconds=SECONDS)) from None
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise NotFetched(sentence("{host} cannot be asked: {why}", host=host, why=trouble(error))) from None

    def objection(self, url: str) -> str | None:
        """What is wrong with an address before anybody is asked."""
        if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
            return sentence("takes printable ASCII of at most {most} characters", most=LONGEST_URL)
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return as_sentence("is no address")
        if not host or parts.username is not None or parts.password is not None or parts.fragment:
            return as_sentence("takes a host and a path, no name, password or fragment")
        if parts.scheme != "https" and not (self._dev and parts.scheme == "http"):
            return as_sentence("has to begin with https://")
        return None

    async def _address(self, host: str, port: int) -> str:
        """One of the host's addresses, looked up once: what was checked is what is connected to. Raises NotFetched."""
        try:
            found = [host] if _is_address(host) else await self._resolve(host, port)
        except OSError:
            raise NotFetched(sentence("{host} has no address in DNS", host=host)) from None
        if not found:
            raise NotFetched(sentence("{host} has no address in DNS", host=host))
        for text in found:
            if not self._reach.allows(text):
                raise NotFetched(
                    sentence(
                        "{host} is inside of a private network ({address}), which is not asked: name it in IMPRINT_PRIVATE_NETWORKS",
                        host=host,
                        address=text,
                    )
                )
        return found[0]

    async def _fetched(self, method: str, url: str, address: str, host: str, headers: Mapping[str, str], form: Mapping[str, str] | None) -> Fetched:
        parts = urlsplit(url)
        netloc = f"[{address}]" if ":" in address else address
        there = urlunsplit(parts._replace(netloc=f"{netloc}:{parts.port}" if parts.port else netloc))
        request = httpx.Request(
            method, there, headers={**headers, "Host": parts.netloc}, data=form, extensions={"sni_hostname": host} if parts.scheme == "https" else {}
        )
        # A client for each answer: sign-ins are few, and nothing is kept open or shared between organizations.
        async with httpx.AsyncClient(timeout=SECONDS, follow_redirects=False, trust_env=False, verify=self._tls) as client:
            answer = await client.send(request, stream=True)
            if answer.is_redirect:
                raise NotFetched(sentence("{host} answers with a redirect, which is not followed: give the address it leads to", host=host))
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise NotFetched(sentence("{host} sends more than {most} bytes", host=host, most=LARGEST))
            return Fetched(answer.status_code, bytes(body))


def basic(name: str, secret: str) -> str:
    """An Authorization header's value (RFC 6749, 2.3.1: both are form-encoded first)."""
    return "Basic " + base64.b64encode(f"{quote(name, safe='')}:{quote(secret, safe='')}".encode()).decode()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _system(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
