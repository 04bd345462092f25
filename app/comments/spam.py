"""How much a comment looks like spam: scorers, of which the sternest counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

THRESHOLD = 0.6
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_FREE_LINKS = 1
_OF_LINK = 0.3
_FEWEST_WORDS = 8
_MONOTONOUS = 0.5


class Scorer(Protocol):
    """From 0, plainly not spam, to 1. `recent`: what the same person wrote just before, newest first."""

    def __call__(self, body: str, recent: Sequence[str], /) -> float: ...


_SCORERS: dict[str, Scorer] = {}
SCORERS: Mapping[str, Scorer] = MappingProxyType(_SCORERS)


def scores(name: str) -> Callable[[Scorer], Scorer]:
    """Register a scorer; another module can add its own."""

    def register(scorer: Scorer) -> Scorer:
        if name in _SCORERS:
            raise TypeError(f"there is a scorer {name} already")
        _SCORERS[name] = scorer
        return scorer

    return register


def looks_like_spam(body: str, recent: Sequence[str], scorers: Mapping[str, Scorer] = SCORERS) -> bool:
    """Whether any scorer reaches the threshold: the comment waits then, whatever the organization's policy."""
    return any(scorer(body, recent) >= THRESHOLD for scorer in scorers.values())


@scores("links")
def links(body: str, _recent: Sequence[str], /) -> float:
    """One link is a reference, three are an advertisement."""
    return min(1.0, _OF_LINK * max(0, len(_LINK.findall(body)) - _FREE_LINKS))


@scores("repetition")
def repetition(body: str, recent: Sequence[str], /) -> float:
    """The same again, or one word over and over."""
    words = _words(body)
    if len(words) >= _FEWEST_WORDS and Counter(words).most_common(1)[0][1] >= _MONOTONOUS * len(words):
        return 0.7
    return 0.8 if words and any(words == _words(earlier) for earlier in recent) else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
