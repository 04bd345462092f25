"""Exceptions that a revision's file states: `# check: allow RULE because …`, on lines of their own."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from migrations.lint import catalogue as rules
from migrations.lint.catalogue import RULES, Rule
from migrations.lint.squawk import PREFIX

MARK = "check:"
WORDS_OF_A_SENTENCE = 5


@dataclass(frozen=True, slots=True)
class Escape:
    """`rule` is empty where the comment cannot be read; `text` is the whole of it."""

    rule: str
    because: str
    text: str

    def wrong(self, broken: Collection[str], *, squawk_ran: bool) -> Iterator[Rule]:
        """The rules about escapes that it breaks, where the revision breaks the rules named in `broken`."""
        if self.rule not in RULES and not self.rule.startswith(PREFIX):
            yield rules.UNKNOWN_ESCAPE
        elif self.rule not in broken and (squawk_ran or not self.rule.startswith(PREFIX)):
            yield rules.UNNEEDED
        elif len(self.because.split()) < WORDS_OF_A_SENTENCE:
            yield rules.UNJUSTIFIED


def escapes(source: str) -> list[Escape]:
    """In the order of the file; a comment goes on over the comment lines that follow it directly."""
    return [_read(text) for text in _comments(source) if text.startswith(MARK)]


def _comments(source: str) -> Iterator[str]:
    last_line, text = -1, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or token.line.strip() != token.string:
            continue
        line = token.string.lstrip("#").strip()
        if token.start[0] == last_line + 1 and text and not line.startswith(MARK):
            text = f"{text} {line}"
        else:
            if text:
                yield text
            text = line
        last_line = token.start[0]
    if text:
        yield text


def _read(text: str) -> Escape:
    words = text.removeprefix(MARK).split()
    match words:
        case ["allow", rule, "because", *reason]:
            return Escape(rule, " ".join(reason), text)
        case ["allow", rule, *_]:
            return Escape(rule, "", text)
        case _:
            return Escape("", "", text)
