"""SQL text as Postgres's lexer sees it (PostgreSQL documentation, 4.1 Lexical Structure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase

_FOLDED = str.maketrans(ascii_uppercase, ascii_lowercase)


class Kind(StrEnum):
    SPACE = "space"
    COMMENT = "comment"
    STRING = "string"
    QUOTED = "quoted identifier"
    WORD = "word"
    NUMBER = "number"
    PARAMETER = "parameter"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` exactly as it stands; the texts of all tokens together are the whole input."""

    kind: Kind
    text: str

    @property
    def word(self) -> str:
        """A key word or unquoted identifier in lower case, as Postgres folds it (no others than A to Z); empty for everything else."""
        return self.text.translate(_FOLDED) if self.kind is Kind.WORD else ""

    @property
    def name(self) -> str:
        """The identifier that this token is; empty for everything else."""
        if self.kind is Kind.QUOTED:
            return self.text.partition('"')[2].removesuffix('"').replace('""', '"')
        return self.word

    @property
    def value(self) -> str:
        """What a string literal holds, escapes of E'…' left as written; empty for everything else."""
        if self.kind is not Kind.STRING:
            return ""
        if self.text.startswith("$"):
            tag = self.text[: self.text.index("$", 1) + 1]
            return self.text.removeprefix(tag).removesuffix(tag)
        return self.text.partition("'")[2].removesuffix("'").replace("''", "'")


_DOLLAR = re.compile(r"\$(?:[A-Za-z_\x80-\U0010ffff][\w]*)?\$")
# In this order: the first that matches takes its text. What is opened and never closed reaches to the end.
_PATTERNS = (
    (Kind.SPACE, re.compile(r"[ \t\n\r\f\v]+")),
    (Kind.COMMENT, re.compile(r"--[^\n\r]*")),
    (Kind.STRING, re.compile(r"[eE]'(?:[^'\\]|\\.|''|\\$)*(?:'|$)", re.DOTALL)),
    (Kind.STRING, re.compile(r"(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|$)", re.DOTALL)),
    (Kind.QUOTED, re.compile(r'(?:[uU]&)?"(?:[^"]|"")*(?:"|$)', re.DOTALL)),
    (Kind.WORD, re.compile(r"[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*")),
    (Kind.PARAMETER, re.compile(r"\$[0-9]+")),
    (Kind.NUMBER, re.compile(r"0[xXoObB][0-9a-fA-F_]+|(?:[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?")),
    (Kind.OPERATOR, re.compile(r"::|:=|(?:(?!--|/\*)[-+*/<>=~!@#%^&|`?])+")),
)


def word_set(words: str) -> frozenset[str]:
    """The words of a list that is easier to read as one line."""
    return frozenset(words.split())


def tokens(sql: str) -> Iterator[Token]:
    """Every character of the text, in order, none left out."""
    at = 0
    while at < len(sql):
        token = _token(sql, at)
        yield token
        at += len(token.text)


def _token(sql: str, at: int) -> Token:
    if sql.startswith("/*", at):
        return Token(Kind.COMMENT, sql[at : _end_of_comment(sql, at)])
    if opened := _DOLLAR.match(sql, at):
        closed = sql.find(opened[0], opened.end())
        return Token(Kind.STRING, sql[at:] if closed < 0 else sql[at : closed + len(opened[0])])
    for kind, pattern in _PATTERNS:
        if found := pattern.match(sql, at):
            return Token(kind, found[0])
    return Token(Kind.PUNCTUATION, sql[at])


def _end_of_comment(sql: str, at: int) -> int:
    """Block comments nest."""
    depth = 0
    while at < len(sql):
        if sql.startswith("/*", at):
            depth, at = depth + 1, at + 2
        elif sql.startswith("*/", at):
            depth, at = depth - 1, at + 2
            if not depth:
                return at
        else:
            at += 1
    return at
