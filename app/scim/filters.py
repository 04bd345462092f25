"""Filters (RFC 7644, 3.4.2.2) and PATCH's paths (3.5.2), read into a tree. Pure; nothing of it ever becomes SQL text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from app.scim.errors import ScimRefusal, invalid_filter
from auth.http.bodies import storable

LONGEST, DEEPEST, MOST_TERMS = 2000, 20, 60

Operator = Literal["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]
OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})
Value = str | bool | int | float | None
Refuse = Callable[[str], ScimRefusal]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<sign>[()\[\]])
    | (?P<string>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")
    | (?P<number>-?(?:0|[1-9]\d{0,17})(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?(?![\w.]))
    | (?P<word>[.]?[A-Za-z$][A-Za-z0-9_$:.-]*)
    )""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Path:
    """`schema`: the URN before it, "" where there is none. `name` and `sub` as they were written; case does not count."""

    name: str
    sub: str = ""
    schema: str = ""

    @property
    def key(self) -> str:
        """In lower case, as `emails.value`."""
        return f"{self.name}.{self.sub}".lower() if self.sub else self.name.lower()

    def __str__(self) -> str:
        return (f"{self.schema}:" if self.schema else "") + self.name + (f".{self.sub}" if self.sub else "")


@dataclass(frozen=True, slots=True)
class Compare:
    path: Path
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Present:
    path: Path


@dataclass(frozen=True, slots=True)
class All:
    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Either:
    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    term: Filter


@dataclass(frozen=True, slots=True)
class Within:
    """One value of a multi-valued attribute fits the whole of `filter`."""

    path: Path
    filter: Filter


Filter = Compare | Present | All | Either | Not | Within


@dataclass(frozen=True, slots=True)
class Target:
    """What one operation of a PATCH is about: an attribute, those of its values that fit `filter`, or a part of them."""

    path: Path
    filter: Filter | None = None
    sub: str = ""


class _Token(NamedTuple):
    kind: str
    text: str


def read_filter(text: str) -> Filter:
    """Raises ScimRefusal (invalidFilter) saying where it stops being one."""
    reader = _Reader(text, invalid_filter)
    found = reader.either(0)
    reader.end()
    return found


def read_target(text: str, refuse: Refuse) -> Target:
    """A PATCH operation's path. Raises what `refuse` makes of the reason."""
    reader = _Reader(text, refuse)
    path = reader.path()
    if not reader.takes("["):
        reader.end()
        return Target(path)
    found = reader.either(1)
    reader.expect("]")
    sub = reader.sub()
    reader.end()
    return Target(path, found, sub)


def read_path(text: str, refuse: Refuse) -> Path:
    """An attribute's name, as `sortBy` and `attributes` have it."""
    reader = _Reader(text, refuse)
    path = reader.path()
    reader.end()
    return path


class _Reader:
    """Recursive descent: or, and, not; bounded in length, depth and terms."""

    def __init__(self, text: str, refuse: Refuse) -> None:
        self._refuse = refuse
        if len(text) > LONGEST:
            raise refuse(f"This is longer than {LONGEST} characters; ask for less at once.")
        if not storable(text):
            raise refuse("This holds a character that cannot be stored, so nothing has it.")
        self._tokens = self._split(text)
        self._at = 0
        self._terms = 0

    def either(self, depth: int) -> Filter:
        terms = [self._all(depth)]
        while self._takes_word("or"):
            terms.append(self._all(depth))
        return terms[0] if len(terms) == 1 else Either(tuple(terms))

    def _all(self, depth: int) -> Filter:
        terms = [self._term(depth)]
        while self._takes_word("and"):
            terms.append(self._term(depth))
        return terms[0] if len(terms) == 1 else All(tuple(terms))

    def _term(self, depth: int) -> Filter:
        self._terms += 1
        if depth > DEEPEST or self._terms > MOST_TERMS:
            raise self._refuse(f"This nests deeper than {DEEPEST} levels or has more than {MOST_TERMS} terms; ask for less at once.")
        if self._is_word("not") and self._next_is("("):
            self._at += 2
            return Not(self._closed(depth))
        if self.takes("("):
            return self._closed(depth)
        path = self.path()
        if not self.takes("["):
            return self._comparison(path)
        found = self.either(depth + 1)
        self.expect("]")
        sub = self.sub()
        # Entra ID writes emails[type eq "work"].value eq "…", which the RFC has in PATCH's paths only.
        return Within(path, All((found, self._comparison(Path(sub))))) if sub else Within(path, found)

    def _closed(self, depth: int) -> Filter:
        found = self.either(depth + 1)
        self.expect(")")
        return found

    def _comparison(self, path: Path) -> Filter:
        operator = self._word("an operator").lower()
        if operator == "pr":
            return Present(path)
        if operator not in OPERATORS:
            raise self._refuse(f"{operator[:40]} is no operator; there are {', '.join(sorted(OPERATORS))} and pr.")
        return Compare(path, cast("Operator", operator), self._value())

    def _value(self) -> Value:
        token = self._take("a value")
        if token.kind == "string":
            text = str(json.loads(token.text))
            if not storable(text):
                raise self._refuse("A value holds a character that cannot be stored, so nothing has it.")
            return text
        if token.kind == "number":
            return cast("int | float", json.loads(token.text))
        words: dict[str, Value] = {"true": True, "false": False, "null": None}
        if token.kind == "word" and token.text.lower() in words:
            return words[token.text.lower()]
        raise self._refuse(f'{token.text[:40]} is no value; text stands in quotation marks, like "ada@example.com".')

    def path(self) -> Path:
        text = self._word("an attribute")
        schema, colon, rest = text.rpartition(":")
        if colon and not schema.lower().startswith("urn:"):
            raise self._refuse(f"{text[:80]} is no attribute; before the colon stands the URN of its schema.")
        name, *subs = rest.split(".")
        if len(subs) > 1 or not name or "" in subs:
            raise self._refuse(f"{text[:80]} is no attribute; write it like name.familyName.")
        return Path(name, subs[0] if subs else "", schema)

    def sub(self) -> str:
        """What follows a closing bracket, like .value; empty where nothing does."""
        if self._at < len(self._tokens) and self._tokens[self._at].text.startswith("."):
            return self._word("a part").removeprefix(".")
        return ""

    def takes(self, sign: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == _Token("sign", sign):
            self._at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.takes(sign):
            raise self._refuse(f"A {sign} is missing {self._where()}.")

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._refuse(f"This should have ended {self._where()}.")

    def _split(self, text: str) -> list[_Token]:
        tokens, at, end = [], 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at, end)
            if found is None or found.lastgroup is None:
                raise self._refuse(f"This cannot be read from its character {at + 1} on.")
            tokens.append(_Token(found.lastgroup, found[found.lastgroup]))
            at = found.end()
        return tokens

    def _take(self, what: str) -> _Token:
        if self._at == len(self._tokens):
            raise self._refuse(f"{what.capitalize()} is missing at the end.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self, what: str) -> str:
        token = self._take(what)
        if token.kind != "word":
            raise self._refuse(f"{what.capitalize()} should stand where {token.text[:40]} does.")
        return token.text

    def _is_word(self, word: str) -> bool:
        if self._at == len(self._tokens):
            return False
        token = self._tokens[self._at]
        return token.kind == "word" and token.text.lower() == word

    def _takes_word(self, word: str) -> bool:
        if self._is_word(word):
            self._at += 1
            return True
        return False

    def _next_is(self, sign: str) -> bool:
        return self._at + 1 < len(self._tokens) and self._tokens[self._at + 1] == _Token("sign", sign)

    def _where(self) -> str:
        return f"before {self._tokens[self._at].text[:40]}" if self._at < len(self._tokens) else "at the end"
