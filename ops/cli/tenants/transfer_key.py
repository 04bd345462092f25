"""The key or passphrase that seals an exported organization, from wherever the operator keeps it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from tenants.transfer.keys import TransferSecret

ENVIRONMENT = "IMPRINT_TRANSFER_PASSPHRASE"
_LONGEST = 4096

key_file = click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"A file with 32 bytes in base64, which the receiver needs too. Otherwise a passphrase, from {ENVIRONMENT} or asked for.",
)


def secret_from(path: Path | None, *, new: bool) -> TransferSecret:
    """`new`: asked for twice. Raises ConfigurationError where there is none, or none that is good enough."""
    from tenants.errors import ConfigurationError
    from tenants.transfer.keys import TransferSecret

    if path is not None:
        try:
            with path.open("rb") as file:
                return TransferSecret.from_file(file.read(_LONGEST), path)
        except OSError as error:
            raise ConfigurationError([f"{path} cannot be read: {error.strerror}"]) from error
    if text := os.environ.get(ENVIRONMENT):
        return TransferSecret.from_passphrase(text)
    if sys.stdin.isatty():
        return TransferSecret.from_passphrase(click.prompt("Passphrase of the file", hide_input=True, confirmation_prompt=new, err=True))
    raise ConfigurationError([f"nothing to seal or open the file with: give --key-file, or set {ENVIRONMENT}"])
