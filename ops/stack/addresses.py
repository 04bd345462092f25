"""Where a running stack answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs carry passwords. `superuser_url` is for making databases and for faults in tests; the product never gets it."""

    superuser_url: str
    admin_url: str
    database_url: str
    redis_url: str
    postgres_port: int
    postgres_sockets: Path
    redis_port: int
    redis_socket: Path


def postgres_url(user: str, password: str, port: int, database: str) -> str:
    return f"postgresql://{quote(user)}:{quote(password)}@{LOOPBACK}:{port}/{quote(database)}"


def redis_url(password: str, port: int, number: int = 0) -> str:
    return f"redis://:{quote(password)}@{LOOPBACK}:{port}/{number}"
