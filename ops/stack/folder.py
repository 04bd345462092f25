"""The data folder (`.imprint` by default): its layout, its lock, and the place where the servers' own user can work."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops.stack.service_user import ServiceUser
from tenants.errors import ConfigurationError, Refusal

PLACES = (Path("/var/lib/imprint-dev"), Path("/var/tmp/imprint-dev"))  # noqa: S108 - checked to be root's own before use
SOCKET_PATH_BYTES = 100


class AlreadyRunning(Refusal):
    code = "ALREADY_RUNNING"


@dataclass(frozen=True, slots=True)
class Folder:
    """`services` holds the cluster, Redis' folder and the sockets; under root it is a link to where the servers' user may go."""

    path: Path

    @property
    def services(self) -> Path:
        return self.path / "services"

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def memory(self) -> Path:
        return self.path / "stack.json"

    def prepare(self) -> None:
        """Makes the folder and proves that it can be written. Raises ConfigurationError with one line otherwise."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.logs.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise ConfigurationError([f"cannot write in {self.path} ({error.strerror}): choose a folder of your own with --data DIR"]) from error

    def lock(self) -> int:
        """Returns a file descriptor that holds the folder until it is closed. Raises AlreadyRunning."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            raise AlreadyRunning(f"{self.path} is in use by process {holder}: stop that one, or choose another folder with --data DIR") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor

    def make_services(self, user: ServiceUser | None) -> Path:
        """The real folder behind `services`, made if need be, owned by whoever runs the servers."""
        if not self.services.exists():
            if user is None:
                self.services.mkdir(mode=0o700)
            else:
                self._link_services(user)
        return self.services.resolve()

    def _link_services(self, user: ServiceUser) -> None:
        if self.services.is_symlink():
            raise ConfigurationError([f"{self.services} points to {self.services.readlink()}, which is gone: remove {self.path} to start afresh"])
        home = places() / secrets.token_hex(6)
        home.mkdir(mode=0o700)
        user.own(home)
        self.services.symlink_to(home)

    def discard(self) -> None:
        """Removes everything, also behind the link. For throwaway stacks."""
        if self.services.is_symlink():
            shutil.rmtree(self.services.resolve(), ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)


def places() -> Path:
    """A folder of root's that every user can enter, for what must lie outside private folders."""
    for place in PLACES:
        try:
            place.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        if place.stat().st_uid == 0 and not place.is_symlink() and os.access(place, os.W_OK):
            return place
    raise ConfigurationError(
        [f"cannot write in {' or '.join(map(str, PLACES))}, where Postgres' own user could reach its data: start Imprint as a normal user"]
    )


def sockets(services: Path) -> Path:
    """Where sockets go: beside the data, or in a private folder under /tmp where that path is too long for a socket's address."""
    if len(os.fsencode(services)) <= SOCKET_PATH_BYTES - len("/.s.PGSQL.65535.lock"):
        return services
    short = Path(tempfile.gettempdir(), f"imprint-{os.geteuid()}-{hashlib.sha256(os.fsencode(services)).hexdigest()[:12]}")
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or short.stat().st_uid != os.geteuid():
        raise ConfigurationError([f"{short} belongs to somebody else: choose a shorter folder with --data DIR"])
    return short
