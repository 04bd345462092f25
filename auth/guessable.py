"""Passwords that guessers try first: well-known words with digits around them, rows of keys, repetitions, and those that leaks show most often.

A rule with few words stands for millions of a list's lines: `P@ssw0rd!2024` is `password` here. The list knows what no rule says: `trombone1`.
"""

from __future__ import annotations

from collections.abc import Iterable

from auth.wordlists import is_listed
from tenants.sentences import as_sentence

FEWEST_CHARACTERS = 4
SHORTEST_WORD = 4
OTHER_THAN_WORDS = 4
MOST_AROUND = 8
_AS_LETTERS = tuple(str.maketrans("03457@$!|1", f"oeastasil{one}") for one in "li")

_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiopü",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn",
)
_WORDS = frozenset(
    word
    for line in """
    password passwort passwd motdepasse kennwort secret geheim letmein welcome willkommen bienvenue admin administrator root user guest test
    login master changeme default access account computer internet hello hallo bonjour iloveyou loveyou love sunshine princess dragon monkey
    shadow superman batman pokemon football baseball soccer hockey basketball michael jennifer daniel thomas jordan ashley nicole jessica
    charlie freedom whatever trustno trustnoone starwars mustang ferrari porsche mercedes summer winter spring autumn sommer herbst fruehling
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december
    schatz liebling hamster chocolate butterfly flower cookie cheese banana orange purple liverpool chelsea arsenal barcelona bayern
    google facebook linkedin microsoft windows apple samsung android qwerty qwertz azerty asdf asdfgh zxcvbn imprint company business
    """.splitlines()
    for word in line.split()
)


def commonness(password: str, own: Iterable[str] = ()) -> str:
    """Why a guesser would have it soon, as the end of "That password …"; empty where they would not. `own`: what is known of the person."""
    plain = password.casefold()
    if len(set(plain)) < FEWEST_CHARACTERS or _repeats(plain):
        return as_sentence("repeats itself; choose another")
    if _walks(plain):
        return as_sentence("is a row of keys or of the alphabet; choose another")
    names = [name.casefold() for name in own if len(name) >= SHORTEST_WORD]
    words = {word for name in names for word in _parts(name)}
    for read in (plain, *(plain.translate(letters) for letters in _AS_LETTERS)):
        if _made_of(read, words) or any(name in read and len(read.replace(name, "")) < OTHER_THAN_WORDS for name in names):
            return as_sentence("is made of your own name or address, or of your organization's name; choose another")
        if _hardly_more_than(read, _WORDS):
            return as_sentence("is one that guessers try first; choose another")
        if is_listed(read):
            return as_sentence("is among the most common of all, so guessers try it first; choose another")
    return ""


def _made_of(text: str, words: Iterable[str]) -> bool:
    """Whether next to nothing is left of it without these words, however many of them stand in it."""
    letters = rest = "".join(filter(str.isalpha, text))
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != letters and len(rest) < OTHER_THAN_WORDS and len(text) - len(letters) <= MOST_AROUND


def _hardly_more_than(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in it beside next to nothing; a few digits and signs count for nothing."""
    letters = "".join(filter(str.isalpha, text))
    if len(text) - len(letters) > MOST_AROUND:
        return False
    return any(word in letters and len(letters.replace(word, "")) < OTHER_THAN_WORDS for word in words)


def _repeats(text: str) -> bool:
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _walks(text: str) -> bool:
    """One row, forwards or backwards, or two such."""
    half = len(text) // 2
    return _in_a_row(text) or (_in_a_row(text[:half]) and _in_a_row(text[half:]))


def _in_a_row(text: str) -> bool:
    return any(text in row or text in row[::-1] for row in _ROWS)


def _parts(name: str) -> set[str]:
    plain = name.casefold()
    pieces = "".join(letter if letter.isalpha() else " " for letter in plain).split()
    return {piece for piece in [*pieces, "".join(pieces)] if len(piece) >= SHORTEST_WORD}
