"""One Postgres cluster: made once, checked for its version, run with durability on."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops.stack.addresses import LOOPBACK
from ops.stack.binaries import POSTGRES_MAJOR, Binaries
from ops.stack.children import POLL, Child
from ops.stack.failures import StackFailed
from ops.stack.service_user import ServiceUser, identity
from tenants.errors import ConfigurationError

SUPERUSER = "postgres"
# A crash before this one leaves much log to replay; the log says how far it is.
START_SECONDS = 120.0
STATUS_LINE = 7


@dataclass(frozen=True, slots=True)
class Postgres:
    binaries: Binaries
    services: Path
    sockets: Path
    user: ServiceUser | None
    log: Path
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def cluster(self) -> Path:
        return self.services / "postgres"

    @property
    def exists(self) -> bool:
        return (self.cluster / "PG_VERSION").exists()

    def check_version(self, *folders: Path) -> None:
        """Raises ConfigurationError when the cluster, or one of `folders`, was made by another major version."""
        for folder in (self.cluster, *folders):
            file = folder / "PG_VERSION"
            found = file.read_text().strip() if file.is_file() else str(POSTGRES_MAJOR)
            if found != str(POSTGRES_MAJOR):
                wrong = f"{folder} holds data of Postgres {found}, and Imprint brings Postgres {POSTGRES_MAJOR}"
                raise ConfigurationError([f"{wrong}: choose another folder with --data DIR, or move that one away"])

    def initialize(self, password: str) -> None:
        """Makes the cluster beside its place and moves it there when it is whole. Takes about a second."""
        making = self.services / "postgres.making"
        shutil.rmtree(making, ignore_errors=True)
        pwfile = self.services / "password"
        pwfile.unlink(missing_ok=True)
        with os.fdopen(os.open(pwfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(password)
        if self.user:
            self.user.own(pwfile)
        try:
            self._initdb(making, pwfile)
        finally:
            pwfile.unlink(missing_ok=True)
        making.rename(self.cluster)

    def _initdb(self, making: Path, pwfile: Path) -> None:
        # The built-in locale sorts the same on every machine, whatever locales are installed there.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = [f"--username={SUPERUSER}", f"--pwfile={pwfile}", "--auth=scram-sha-256"]
        done = subprocess.run(
            [self.binaries.postgres("initdb"), f"--pgdata={making}", "--no-sync", "--no-instructions", *locale, *access],
            cwd=self.services,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
            **identity(self.user),
        )
        if done.returncode != 0:
            raise StackFailed(f"initdb could not make {making}: {' / '.join(done.stderr.strip().splitlines()[-3:])}")

    def child(self, port: int) -> Child:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": port,
            "unix_socket_directories": self.sockets,
            "unix_socket_permissions": "0700",
            "max_connections": 100,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            **self.more,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Child(
            name="Postgres",
            command=[self.binaries.postgres("postgres"), "-D", self.cluster, *options],
            cwd=self.cluster,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            user=self.user,
            log=self.log,
            stop_signals=(signal.SIGINT, signal.SIGQUIT),
        )

    async def ready(self, child: Child) -> None:
        """Waits until it takes connections. Raises StackFailed when it stops instead."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while child.running and asyncio.get_running_loop().time() < deadline:
            if self._status(child.pid) == "ready":
                return
            await asyncio.sleep(POLL)
        what = "takes too long to start" if child.running else "stopped while starting"
        raise StackFailed(f"Postgres {what} ({child.last_words()}): see {self.log}")

    def _status(self, pid: int) -> str:
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return ""
        return lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE and lines[0] == str(pid) else ""
