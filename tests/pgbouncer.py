"""Debian's PgBouncer in transaction mode, in front of a Postgres: fewer server connections than clients, so that these are shared."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
import signal
import socket
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ops.stack import service_user
from ops.stack.addresses import LOOPBACK, postgres_url
from ops.stack.children import Child
from ops.stack.memory import free_port
from tenants.settings import TenantSettings

BIN = Path("/usr/sbin/pgbouncer")
SERVER_CONNECTIONS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class PgBouncer:
    """`settings` are those of a product that reaches its database through this."""

    child: Child
    folder: Path
    port: int
    settings: TenantSettings

    async def start(self) -> None:
        self.child.start()
        while True:
            if not self.child.running:
                raise RuntimeError(self.child.last_words())
            with socket.socket() as asking:
                if asking.connect_ex((LOOPBACK, self.port)) == 0:
                    return
            await asyncio.sleep(0.02)

    def kill(self) -> None:
        self.child.kill()

    async def stop(self) -> None:
        await self.child.stop()
        shutil.rmtree(self.folder)


async def in_front_of(settings: TenantSettings) -> PgBouncer:
    """Started, for the login role of these settings."""
    url = urlsplit(settings.database_url)
    name, password = unquote(url.username or ""), unquote(url.password or "")
    folder, port = Path(tempfile.mkdtemp(prefix="imprint-pgbouncer-")), free_port()
    (folder / "users").write_text(f'"{name}" "{password}"\n')
    (folder / "ini").write_text(
        f"[databases]\n* = host={LOOPBACK} port={url.port}\n[pgbouncer]\nlisten_addr = {LOOPBACK}\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = plain\nauth_file = {folder}/users\npool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\nserver_login_retry = 1\n"
    )
    user = service_user.choose(folder / "none")
    for path in (folder, folder / "users", folder / "ini"):
        if user:
            user.own(path)
    child = Child("PgBouncer", [BIN, folder / "ini"], folder, user=user, log=folder / "log", stop_signals=(signal.SIGINT,))
    through = postgres_url(name, password, port, url.path.lstrip("/"))
    bouncer = PgBouncer(child, folder, port, dataclasses.replace(settings, pooling="transaction", database_url=through))
    await bouncer.start()
    return bouncer
