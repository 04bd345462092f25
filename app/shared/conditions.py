"""Which rows somebody may read: conditions that the read compiler turns into SQL.

Columns and values are named by the code; of a request nothing is in them but who reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Col = sa.Column[Any]


@dataclass(frozen=True, slots=True)
class Permitted:
    """Holds for every row, if the reader has the permission."""

    permission: str


@dataclass(frozen=True, slots=True)
class Equals:
    """Holds where the column has this value, which the code states."""

    column: Col
    value: str


@dataclass(frozen=True, slots=True)
class Differs:
    """Holds where the column has another value than this, which the code states."""

    column: Col
    value: str


@dataclass(frozen=True, slots=True)
class IsNull:
    column: Col


@dataclass(frozen=True, slots=True)
class IsMe:
    """Holds where the column names the reader."""

    column: Col


@dataclass(frozen=True, slots=True)
class LinksToMe:
    """Holds where a table of pairs has one of this row's id (`near`) and the reader (`far`)."""

    near: Col
    far: Col


@dataclass(frozen=True, slots=True)
class Reads:
    """Holds where the reader may read the entity of this type that the column names."""

    type: str
    column: Col


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where one of its parts does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where all of its parts do; without parts, everywhere."""

    parts: tuple[Condition, ...] = ()


Condition = Permitted | Equals | Differs | IsNull | IsMe | LinksToMe | Reads | AnyOf | AllOf
EVERYBODY = AllOf()
