"""`DIR/env`: the running stack's variables in shell form, for psql, for scripts, and for every `imprint` command run beside it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, MutableMapping
from pathlib import Path

DEFAULT_FOLDER = ".imprint"
NAME = "env"
MEMORY = "stack.json"
DECIDING = "IMPRINT_DATABASE_URL"


def text(variables: Mapping[str, str]) -> str:
    """Read by `.`, `source` and `parse` alike."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def parse(written: str) -> dict[str, str]:
    words = shlex.split(written, comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)


def adopt(environ: MutableMapping[str, str], here: Path) -> None:
    """Adds the variables of a stack that runs in this folder, unless the environment names a database of its own.

    `here` is the folder that holds `.imprint`, or the data folder itself. What is set already stays. Somebody else's file
    is ignored: in a shared folder it could send secrets to their database.
    """
    if environ.get(DECIDING):
        return
    file = next((file for file in (here / DEFAULT_FOLDER / NAME, here / NAME) if _is_ours(file)), None)
    if file is not None:
        for name, value in parse(file.read_text()).items():
            environ.setdefault(name, value)


def _is_ours(file: Path) -> bool:
    try:
        return file.is_file() and file.stat().st_uid in {os.geteuid(), 0} and (file.parent / MEMORY).exists()
    except OSError:
        return False
