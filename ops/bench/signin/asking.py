"""A client that keeps its connection (RFC 9112) and says from which address it comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Self
from urllib.parse import urlencode

from ops.bench.load import READ_BYTES, STATUS_AT, Target
from ops.bench.tenants import PASSWORD

_addresses = count(1)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Client:
    """At one organization's host."""

    host: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    @asynccontextmanager
    async def at(cls, target: Target, host: str) -> AsyncIterator[Self]:
        reader, writer = await asyncio.open_connection(target.host, target.port, limit=READ_BYTES)
        try:
            yield cls(host, reader, writer)
        finally:
            writer.close()

    async def get(self, path: str, **headers: str) -> Reply:
        return await self.send(message(self.host, "GET", path, b"", **headers))

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> Reply:
        body = urlencode(fields).encode()
        return await self.send(message(self.host, "POST", path, body, content_type="application/x-www-form-urlencoded", **headers))

    async def send(self, sent: bytes) -> Reply:
        self.writer.write(sent)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = (line.partition(":") for line in head.split("\r\n")[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        return Reply(int(head[STATUS_AT : STATUS_AT + 3]), headers, await self.reader.readexactly(int(headers.get("content-length", "0"))))


def message(host: str, method: str, path: str, body: bytes, **headers: str) -> bytes:
    """Another address each time, so that the limits of addresses leave a benchmark alone."""
    number = next(_addresses)
    said = {"Host": host, "Content-Length": str(len(body)), "X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def sign_in(host: str, username: str, password: str = PASSWORD) -> bytes:
    """A program's, by password."""
    body = json.dumps({"username": username, "password": password}).encode()
    return message(host, "POST", "/auth/token", body, content_type="application/json")
