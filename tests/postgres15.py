"""Debian's Postgres 15 on a throwaway cluster: the oldest version that Imprint supports."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops.stack import databases, service_user
from ops.stack.addresses import postgres_url
from ops.stack.children import Child
from ops.stack.databases import Database
from ops.stack.memory import free_port
from ops.stack.service_user import identity

BIN = Path("/usr/lib/postgresql/15/bin")
PASSWORD = "postgres15"
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class Postgres15:
    """`admin_url` is a role that may create roles and databases and is no superuser; `database_url` the login role's."""

    child: Child
    folder: Path
    superuser_url: str
    admin_url: str
    database_url: str

    def make(self, database: Database) -> None:
        """Another database with roles of its own."""
        databases.make(BIN / "psql", self.superuser_url, database)

    def stop(self) -> None:
        asyncio.run(self.child.stop())
        shutil.rmtree(self.folder)


def start() -> Postgres15:
    folder = Path(tempfile.mkdtemp(prefix="imprint-postgres15-"))
    user = service_user.choose(folder / "none")
    pwfile = folder / "password"
    pwfile.write_text(PASSWORD)
    for path in (folder, pwfile):
        if user:
            user.own(path)
    initdb: list[str | Path] = [
        BIN / "initdb",
        "-D",
        folder / "data",
        "-U",
        "postgres",
        f"--pwfile={pwfile}",
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    ]
    subprocess.run(initdb, cwd=folder, check=True, capture_output=True, **identity(user))
    port = free_port()
    options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *FORGETFUL]
    command: list[str | Path] = [BIN / "postgres", "-D", folder / "data", *(part for option in options for part in ("-c", option))]
    child = Child("Postgres 15", command, folder, user=user, log=folder / "log", stop_signals=(signal.SIGQUIT,))
    child.start()
    asyncio.run(_ready(child, folder / "data/postmaster.pid"))
    superuser = postgres_url("postgres", PASSWORD, port, "postgres")
    database = Database(admin_password=PASSWORD, app_password=PASSWORD)
    databases.make(BIN / "psql", superuser, database)
    return Postgres15(child, folder, superuser, database.admin_url(port), database.app_url(port))


async def _ready(child: Child, file: Path) -> None:
    while not file.exists() or "ready" not in file.read_text():
        if not child.running:
            raise RuntimeError(child.last_words())
        await asyncio.sleep(0.02)
