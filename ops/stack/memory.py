"""What a data folder keeps between runs: generated secrets, and the ports it had."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from ops.stack.addresses import LOOPBACK
from tenants.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Memory:
    """Passwords are URL-safe text; `secret_key` is base64 of 32 bytes; ports are 0 until first chosen."""

    superuser_password: str
    admin_password: str
    app_password: str
    redis_password: str
    secret_key: str
    operators_token: str
    postgres_port: int = 0
    redis_port: int = 0
    operators_port: int = 0

    @classmethod
    def fresh(cls) -> Self:
        return cls(
            superuser_password=secrets.token_urlsafe(18),
            admin_password=secrets.token_urlsafe(18),
            app_password=secrets.token_urlsafe(18),
            redis_password=secrets.token_urlsafe(18),
            secret_key=base64.b64encode(os.urandom(32)).decode(),
            operators_token=secrets.token_urlsafe(24),
        )

    @classmethod
    def load(cls, file: Path) -> Self:
        """What the folder remembers, or fresh secrets. Raises ConfigurationError for a file that is not ours."""
        if not file.exists():
            return cls.fresh()
        try:
            return cls(**json.loads(file.read_text()))
        except (ValueError, TypeError) as error:
            raise ConfigurationError([f"{file} is damaged ({error}): restore it, or remove {file.parent} to start afresh"]) from error

    def save(self, file: Path) -> None:
        write_private(file, json.dumps(asdict(self), indent=2) + "\n")

    def with_free_ports(self) -> Self:
        """The same ports as last time where they are still free, else others."""
        chosen: list[int] = []
        for port in (self.postgres_port, self.redis_port, self.operators_port):
            chosen.append(port if port and port not in chosen and is_free(port) else free_port(chosen))
        return replace(self, postgres_port=chosen[0], redis_port=chosen[1], operators_port=chosen[2])


def write_private(file: Path, text: str) -> None:
    """Replaces a file in one step; nobody else may read it, not even while it is written."""
    making = file.with_name(f".{file.name}.{os.getpid()}")
    making.unlink(missing_ok=True)
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    making.replace(file)


def is_free(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(taken: Sequence[int] = ()) -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port
