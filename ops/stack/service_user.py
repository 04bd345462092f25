"""The user that Postgres and Redis run as: Postgres refuses to be root."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from tenants.errors import ConfigurationError

CANDIDATES = ("postgres", "nobody")


class Identity(TypedDict, total=False):
    """Keyword arguments of subprocess; empty to stay who we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ServiceUser:
    name: str
    uid: int
    gid: int

    def popen(self) -> Identity:
        """What subprocess needs to become this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        os.chown(folder, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        """Whether this user can reach and run the program. Raises ConfigurationError when we cannot become this user."""
        try:
            done = subprocess.run([program, "--version"], cwd="/", capture_output=True, check=False, **self.popen())
        except PermissionError:
            return False
        except (OSError, subprocess.SubprocessError) as error:
            wrong = f"Postgres does not run as root, and this machine does not let root become {self.name} ({error})"
            raise ConfigurationError([f"{wrong}: start Imprint as a normal user, or set IMPRINT_DATABASE_URL and IMPRINT_REDIS_URL"]) from error
        return done.returncode == 0


def identity(user: ServiceUser | None) -> Identity:
    return {} if user is None else user.popen()


def choose(existing: Path) -> ServiceUser | None:
    """None where we are nobody special and run servers ourselves; the owner of `existing` data where that is not root."""
    if os.geteuid() != 0:
        return None
    if existing.exists() and existing.stat().st_uid != 0:
        return _by_uid(existing.stat().st_uid, existing.stat().st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(name, entry.pw_uid, entry.pw_gid)
    raise ConfigurationError(
        [f"Postgres does not run as root and there is no user {' or '.join(CANDIDATES)}: make one with useradd --system postgres"]
    )


def _by_uid(uid: int, gid: int) -> ServiceUser:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return ServiceUser(name, uid, gid)
