"""Checks that a sign-in passes one after the other, and the refusal of the first that it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from tenants.errors import Unauthenticated
from tenants.sentences import Sentence, as_sentence, kept, restored, sentence

LONGEST = 300
AS_EXPECTED, NOTHING = as_sentence("as expected"), as_sentence("nothing")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `name`: a stable code. `expected`, `found`: words and values for whoever set the connection up.

    Both are sentences where a page can say them in another language. Neither holds what is personal or secret: see `masked`.
    """

    name: str
    expected: str
    found: str
    passed: bool = False

    def document(self) -> dict[str, Any]:
        """As JSON takes it, in no language yet."""
        return {"name": self.name, "expected": kept(self.expected), "found": kept(self.found), "passed": self.passed}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        return cls(document["name"], restored(document["expected"]), restored(document["found"]), document["passed"])


class SignInRefused(Unauthenticated):
    """One page and one answer for the outsider, whichever check failed; which one is in the organization's audit log under `trace`."""

    code: ClassVar[str] = "SIGN_IN_REFUSED"

    def __init__(self, check: Check) -> None:
        super().__init__("You could not be signed in. Try again; if it goes on, tell your administrator the number below.")
        self.check = check
        self.trace: str | None = None

    def extensions(self) -> dict[str, object]:
        return {"trace": self.trace} if self.trace else {}


class ConnectionUnavailable(SignInRefused):
    """Nobody can come in this way until an administrator has mended it; another way may be open."""

    code: ClassVar[str] = "CONNECTION_UNAVAILABLE"

    def __init__(self, check: Check) -> None:
        super().__init__(check)
        self.args = (as_sentence("This way to sign in is not available just now. Take another, or tell your administrator the number below."),)


class SignOutUnproven(SignInRefused):
    """The same for whoever comes back from signing out at their provider: they wanted to get out, not in."""

    def __init__(self, refusal: SignInRefused) -> None:
        super().__init__(refusal.check)
        self.args = (
            sentence("Whether you are signed out at your provider is not sure. Close your browser, and tell your administrator the number below."),
        )
        self.trace = refusal.trace


@dataclass(slots=True)
class Checks:
    """What one sign-in was looked at for, in order; whoever tests a connection reads it as a list."""

    done: list[Check] = field(default_factory=list)

    def require(self, name: str, expected: str, found: str, *, when: bool) -> None:
        """Note the check. Raises SignInRefused where it did not pass (`when` is false)."""
        self.done.append(Check(name, _bounded(expected), _bounded(found), when))
        if not when:
            raise SignInRefused(self.done[-1])


def refused(name: str, expected: str, found: str) -> SignInRefused:
    return SignInRefused(Check(name, _bounded(expected), _bounded(found)))


def words_of(error: Exception) -> str:
    """What it was raised with: a sentence stays one."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, str) else str(error)


def _bounded(text: str) -> str:
    """As much of it as is kept, and can be."""
    if not isinstance(text, Sentence):
        return storable(text)[:LONGEST]
    return Sentence.of(text.pattern, {name: _bounded(value) if isinstance(value, str) else value for name, value in text.values.items()})


def storable(text: str) -> str:
    """Without NUL and lone surrogates: JSON and addresses can spell them, and no row takes them."""
    return text if text.isascii() and "\0" not in text else text.replace("\0", "").encode("utf-8", "ignore").decode()


def masked(value: str) -> str:
    """As much of an address or a name as tells its administrator which one it was, and nobody else whose."""
    local, at, domain = value.partition("@")
    return f"{local[:1]}…{at}{domain}"
