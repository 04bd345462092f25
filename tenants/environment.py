"""Reading configuration from the environment, collecting every problem before complaining about any."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from tenants.errors import ConfigurationError

SECRET_KEY_BYTES = 32


class Environment:
    """One pass over environment variables: each reader returns a usable value or notes a problem.

    Packages read what is theirs, then the caller asks `finish()` once, so that a person sees all problems together.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._problems: list[str] = []

    def problem(self, name: str, wrong: str, mend: str) -> None:
        self._problems.append(f"{name} {wrong}: {mend}")

    def finish(self) -> None:
        """Raises ConfigurationError with every problem noted so far."""
        if self._problems:
            raise ConfigurationError(self._problems)

    def text(self, name: str, default: str = "") -> str:
        return self._variables.get(name, "").strip() or default

    def required(self, name: str, mend: str) -> str:
        value = self.text(name)
        if not value:
            self.problem(name, "is not set", mend)
        return value

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        raw = self.text(name)
        if not raw:
            return default
        if raw.isascii() and raw.isdecimal() and least <= int(raw) <= most:
            return int(raw)
        self.problem(name, f"is {raw!r}", f"set a whole number from {least} to {most}, or leave it out for {default}")
        return default

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        value = self.text(name, default)
        if value in choices:
            return value
        self.problem(name, f"is {value!r}", f"set one of {', '.join(choices)}, or leave it out for {default}")
        return default

    def url(self, name: str, schemes: Sequence[str], mend: str, *, default: str = "", optional: bool = False) -> str:
        value = self.text(name, default)
        if not value:
            if not optional:
                self.problem(name, "is not set", mend)
            return ""
        try:
            parts = urlsplit(value)
            local = parts.scheme in {"file", "unix"} and parts.path.startswith("/")
            usable = parts.scheme in schemes and (bool(parts.hostname) or "host=" in parts.query or local)
            _ = parts.port
        except ValueError:
            usable = False
        if not usable:
            self.problem(name, f"is not a URL of the form {schemes[0]}://…", mend)
        return value

    def keys(self, name: str, mend: str) -> tuple[bytes, ...]:
        """Comma-separated base64 keys of 32 bytes; the first encrypts, all of them decrypt."""
        raw = self.required(name, mend)
        keys = []
        for position, part in enumerate(filter(None, (p.strip() for p in raw.split(","))), start=1):
            try:
                key = base64.b64decode(part, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if len(key) == SECRET_KEY_BYTES:
                keys.append(key)
            else:
                self.problem(name, f"holds a key (number {position}) that is not 32 bytes in base64", mend)
        if raw and not raw.strip(", "):
            self.problem(name, "holds no key", mend)
        return tuple(keys)
