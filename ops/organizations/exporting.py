"""Carrying an organization out, to a file."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tenants.transfer.exporting import Exported, export, noted
from tenants.transfer.files import new_file

if TYPE_CHECKING:
    from tenants.settings import TenantSettings
    from tenants.transfer.keys import TransferSecret

TELL_EVERY = 5.0

Say = Callable[[str], None]


class Pace:
    """Tells the operator how far it is, every few seconds."""

    def __init__(self, say: Say, doing: str) -> None:
        self._say = say
        self._doing = doing
        self._bytes = 0
        self._told = time.monotonic()

    def __call__(self, table: str, passed: int) -> None:
        self._bytes += passed
        if (now := time.monotonic()) - self._told >= TELL_EVERY:
            self._told = now
            self._say(f"{self._doing}: {self._bytes / 1e6:,.0f} MB so far, now {table}")


def product() -> str:
    return f"imprint {version('imprint')}"


async def export_to(settings: TenantSettings, slug: str, path: Path, secret: TransferSecret, say: Say, *, force: bool) -> Exported:
    """Raises what `export` does, TargetExists, FileFailed."""
    with new_file(path, force=force) as file:
        exported = await export(settings, slug, secret, file, product=product(), heard=Pace(say, f"{slug} is read"))
        await noted(settings, exported, file=str(path.absolute()))
    return exported
