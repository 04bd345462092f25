"""Leases: who may do a thing that only one process should, on the database's clock."""

from __future__ import annotations

import os
import secrets
import socket
from typing import TYPE_CHECKING

from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection

TAKE = statement(
    """
    INSERT INTO control.leases AS lease (name, holder, until) VALUES (:name, :holder, now() + make_interval(secs => :seconds))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE lease.holder = excluded.holder OR lease.until < now()
    """
)
GIVE_UP = statement("DELETE FROM control.leases WHERE name = :name AND holder = :holder")


def new_holder() -> str:
    """A name for this process that no other has, telling a person where to look."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


class Lease:
    """Taken or renewed by `take`; whoever does not renew it in `seconds` loses it to the next that asks."""

    def __init__(self, name: str, holder: str, seconds: float) -> None:
        self.name = name
        self.holder = holder
        self.seconds = seconds

    async def take(self, connection: Connection) -> bool:
        """Whether it is ours from now until `seconds` later."""
        return await connection.execute(TAKE, name=self.name, holder=self.holder, seconds=self.seconds) == 1

    async def give_up(self, connection: Connection) -> None:
        await connection.execute(GIVE_UP, name=self.name, holder=self.holder)
