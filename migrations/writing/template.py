"""A revision's file, as Python that reads like the ones written by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from migrations.history import Execution

WIDTH = 150
_STEP = 120
_INDENT = "    "
# SQLAlchemy's BIND_PARAMS and BIND_PARAMS_ESC.
_TAKEN = re.compile(r"(?<=\\):(?=\w*(?![:\w]))|(?<![:\w\\]):(?=\w+(?![:\w]))")
WORDS = re.compile(r"[^a-z0-9]+")
LONGEST_SLUG = 40
NOTHING = 'op.execute("SELECT 1")'
NOTHING_IN_PYTHON = (
    "if not op.get_context().as_sql:  # the making of a new tenant, which has no rows yet",
    '    op.get_bind().execute(sa.text("SELECT 1"))',
)


@dataclass(frozen=True, slots=True)
class Body:
    """Lines of `upgrade` and `downgrade`, and the constants that they use, by name."""

    up: tuple[str, ...]
    down: tuple[str, ...]
    constants: dict[str, str]


class Constants:
    """Texts of several lines stand above the functions, so that not a space of them changes."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def executed(self, sql: str) -> str:
        """The line that runs it."""
        if "\n" not in sql:
            return f"op.execute({_wrapped(escaped(sql))})"
        return f"op.execute({self._named(sql)})"

    def _named(self, sql: str) -> str:
        for name, text in self.texts.items():
            if text == sql:
                return name
        words = sql.partition("(")[0].partition("\n")[0].replace('"', "").removesuffix(" AS").split()
        name = WORDS.sub("_", (words or [""])[-1].rpartition(".")[2].lower()).strip("_").upper()
        name = name if name.isidentifier() else "OBJECT"
        while name in self.texts:
            name += "_BEFORE"
        self.texts[name] = sql
        return name


def escaped(sql: str) -> str:
    """For SQLAlchemy's text(), which takes `:name` for a value's name and drops the backslash before a colon."""
    return _TAKEN.sub(r"\\:", sql)


def slug(message: str) -> str:
    return WORDS.sub("_", message.lower()).strip("_")[:LONGEST_SLUG].strip("_")


def text(message: str, says: str, revision: str, down: str | None, execution: Execution, body: Body) -> str:
    """The whole file."""
    code = "\n".join([*body.up, *body.down])
    imports = [
        "import sqlalchemy as sa" if "sa." in code else "",
        "from alembic import op",
        "from sqlalchemy.dialects import postgresql" if "postgresql." in code else "",
    ]
    stated = [f'revision: str = "{revision}"', f"down_revision: str | None = {_literal(down) if down else None}"]
    if execution is not Execution.REPLAYED:
        stated.append(f'execution: str = "{execution}"')
    return "\n".join(
        [
            f'"""{message.rstrip(".")}.\n\n{says}\n"""\n',
            "from __future__ import annotations\n",
            *(line for line in imports if line),
            "",
            *stated,
            *(f"\n{name} = {_block(escaped(sql))}" for name, sql in body.constants.items()),
            *_function("upgrade", body.up),
            *_function("downgrade", body.down),
            "",
        ]
    )


def _function(name: str, lines: Sequence[str]) -> list[str]:
    return [f"\n\ndef {name}() -> None:", *(f"{_INDENT}{line}" for line in lines)]


def _literal(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wrapped(sql: str) -> str:
    """One literal, or several side by side that come to the same text."""
    parts, rest = [], sql
    while len(rest) > _STEP and (cut := rest.rfind(" ", 0, _STEP)) > 0:
        parts.append(rest[: cut + 1])
        rest = rest[cut + 1 :]
    return "\n".join(_literal(part) for part in [*parts, rest])


def _block(sql: str) -> str:
    quoted = sql.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    too_wide = "  # noqa: E501 - as Postgres words it" if any(len(line) > WIDTH for line in quoted.splitlines()) else ""
    return f'"""\\\n{quoted}\n"""{too_wide}'
