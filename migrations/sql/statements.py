"""A statement's tokens, and the little of its grammar that rules ask for: verb, kind of object, name, table, parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from migrations.sql.tokens import Kind, Token, tokens, word_set

_OPTIONS = word_set("or replace unique unlogged temp temporary global local concurrently if not exists only constraint recursive event foreign")
_TWO_WORDS = {("materialized", "view"), ("default", "privileges"), ("access", "method"), ("large", "object")}
_KINDLESS = word_set("insert update delete merge select with truncate set reset do lock vacuum analyze grant revoke call copy values begin commit")
_BEFORE_THE_NAME: dict[str, set[str]] = {
    "insert": {"into"},
    "delete": {"from", "only"},
    "truncate": {"table", "only"},
    "merge": {"into", "only"},
    "lock": {"table", "only"},
}
_CHANGING_ROWS = word_set("insert update delete merge")
_WITH_ROWS = _CHANGING_ROWS | {"with", "explain"}
_ON_A_TABLE = frozenset({"index", "trigger", "policy", "rule", "statistics"})


@dataclass(frozen=True, slots=True)
class Name:
    """`schema.name`; an empty schema where none was written."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Statement:
    """`tokens` without spaces and comments. `kind` is what CREATE, ALTER, DROP and COMMENT ON are about ("table", "materialized view").

    `options` holds the words between verb and name (unique, concurrently, if, not, exists …); `rest` begins after the name.
    """

    text: str
    tokens: tuple[Token, ...]
    verb: str = ""
    kind: str = ""
    name: Name | None = None
    options: frozenset[str] = field(default_factory=frozenset)
    rest: int = 0

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(token.word for token in self.tokens)

    @property
    def table(self) -> Name | None:
        """The table (or view) that it changes: its own, or the one that its index, trigger or policy stands on."""
        if self.kind in _ON_A_TABLE and self.verb != "comment":
            return self._after_on()
        return self.name

    def _after_on(self) -> Name | None:
        words = self.words
        if "on" not in words[self.rest :]:
            return None
        at = words.index("on", self.rest) + 1
        return name_at(self.tokens, at + (words[at : at + 1] == ("only",)))[0]

    def has(self, *sequence: str, start: int = 0) -> bool:
        """Whether these words follow each other somewhere."""
        return has(self.tokens[start:], *sequence)


def has(part: Sequence[Token], *sequence: str) -> bool:
    words = [token.word for token in part]
    return any(tuple(words[at : at + len(sequence)]) == sequence for at in range(len(words) - len(sequence) + 1))


def name_at(part: Sequence[Token], at: int) -> tuple[Name | None, int]:
    """The name that begins here and where it ends. Of three parts (a column, a catalogue) the first two count."""
    parts: list[str] = []
    while at < len(part) and part[at].name:
        parts.append(part[at].name)
        at += 1
        if not (at < len(part) and part[at].text == "."):
            break
        at += 1
    if not parts:
        return None, at
    return (Name("", parts[0]) if len(parts) == 1 else Name(parts[0], parts[1])), at


def split(part: Sequence[Token], separator: str = ",") -> Iterator[tuple[Token, ...]]:
    """The parts between separators that stand in no brackets; empty ones left out."""
    depth, begin = 0, 0
    for at, token in enumerate(part):
        depth += (token.text in "([") - (token.text in ")]")
        if token.text == separator and depth == 0:
            if begin < at:
                yield tuple(part[begin:at])
            begin = at + 1
    if begin < len(part):
        yield tuple(part[begin:])


def bracketed(part: Sequence[Token], at: int = 0) -> tuple[Token, ...]:
    """What stands inside the first brackets from here on; nothing where there are none."""
    depth, begin = 0, None
    for index in range(at, len(part)):
        if part[index].text == "(":
            depth += 1
            begin = index + 1 if begin is None else begin
        elif part[index].text == ")" and begin is not None:
            depth -= 1
            if depth == 0:
                return tuple(part[begin:index])
    return ()


def statements(sql: str) -> list[Statement]:
    """The statements of a text, usually one; a `;` between BEGIN ATOMIC and its END parts none."""
    parts: list[list[Token]] = [[]]
    atomic = 0
    before = ""
    for token in tokens(sql):
        if token.word == "atomic" and before == "begin":
            atomic = 1
        elif atomic and token.word == "case":
            atomic += 1
        elif atomic and token.word == "end":
            atomic -= 1
        if token.text == ";" and not atomic:
            parts.append([])
        else:
            parts[-1].append(token)
        before = token.word or (before if token.kind in (Kind.SPACE, Kind.COMMENT) else "")
    return [statement for part in parts if (statement := _statement(part)).tokens]


def changes_of_rows(statement: Statement) -> Iterator[Statement]:
    """INSERT, UPDATE, DELETE, MERGE: the statement itself, and those that stand in its WITH or after it."""
    if statement.verb not in _WITH_ROWS:
        return
    part = statement.tokens
    for at, token in enumerate(part):
        if token.word in _CHANGING_ROWS and (at == 0 or part[at - 1].text in {"(", ")"} or part[at - 1].word == "analyze"):
            inner = _statement(part[at : _end_of_bracket(part, at)])
            if inner.name:
                yield inner


def _end_of_bracket(part: Sequence[Token], at: int) -> int:
    """Where the brackets close that this place stands in."""
    depth = 0
    for end in range(at, len(part)):
        depth += (part[end].text == "(") - (part[end].text == ")")
        if depth < 0:
            return end
    return len(part)


def _statement(part: Sequence[Token]) -> Statement:
    text = "".join(token.text for token in part).strip()
    kept = tuple(token for token in part if token.kind not in (Kind.SPACE, Kind.COMMENT))
    verb = kept[0].word if kept else ""
    at = 1 + (verb == "comment")  # COMMENT ON …
    options: set[str] = set()
    kind = ""
    while at < len(kept) and (word := kept[at].word):
        following = kept[at + 1].word if at + 1 < len(kept) else ""
        if word in _OPTIONS and not (word in {"only", "constraint"} and following == ""):
            options.add(word)
            at += 1
        elif kind or verb in _KINDLESS:
            break
        else:
            wide = (word, following) in _TWO_WORDS
            kind = f"{word} {following}" if wide else word
            at += 1 + wide
    while at < len(kept) and kept[at].word in _BEFORE_THE_NAME.get(verb, ()):
        at += 1
    unnamed = kind == "index" and at < len(kept) and kept[at].word == "on"
    name, end = (None, at) if unnamed else name_at(kept, at)
    return Statement(text, kept, verb, kind, name, frozenset(options), end)
