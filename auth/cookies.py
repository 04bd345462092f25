"""The cookies of this package: what they are called and how they are set (RFC 6265bis, __Host- prefix)."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.datastructures import Cookie


@dataclass(frozen=True, slots=True)
class CookieNames:
    """In production `__Host-`: only this very host can set them, only over TLS.

    `imprint dev` on plain http has names of its own, since not every browser takes Secure cookies there.
    """

    plain: bool

    @property
    def session(self) -> str:
        return "imprint-dev" if self.plain else "__Host-imprint"

    @property
    def form(self) -> str:
        return "imprint-dev-form" if self.plain else "__Host-imprint-form"

    @property
    def language(self) -> str:
        return "imprint-dev-language" if self.plain else "__Host-imprint-language"

    @property
    def setup(self) -> str:
        """Of a browser in which a set-up link was opened."""
        return "imprint-dev-setup" if self.plain else "__Host-imprint-setup"

    @property
    def device(self) -> str:
        return "imprint-dev-device" if self.plain else "__Host-imprint-device"

    def set(self, name: str, value: str, *, max_age: int | None = None) -> Cookie:
        """For this host alone, out of scripts' reach. `max_age` in seconds; None: until the browser closes; 0: forget it."""
        return Cookie(key=name, value=value, max_age=max_age, path="/", httponly=True, samesite="lax", secure=not self.plain)

    def forget(self, name: str) -> Cookie:
        return self.set(name, "", max_age=0)


def read_cookie(header: str, name: str) -> str | None:
    """The value of the first cookie of this name in a Cookie header, None where there is none or it is empty."""
    for pair in header.split(";"):
        key, equals, value = pair.strip().partition("=")
        if equals and key == name:
            return value or None
    return None
