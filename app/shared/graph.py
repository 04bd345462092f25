"""How a context binds its part of the GraphQL schema to its tables: declarations that the read compiler turns into SQL.

A context's `graph.py` holds one `Graph`. What is declared here is all that can ever reach SQL text: tables, columns,
joins and policies are named by the code, whatever comes from a request travels as a bound value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.shared.conditions import EVERYBODY, Col, Condition, Equals
from app.shared.past import Recall
from tenants.statements import Statement


@dataclass(frozen=True, slots=True)
class Link:
    """A table of pairs between two entities; `order` are columns of it that order the far side."""

    near: Col
    far: Col
    order: tuple[Col, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A column as it is. Rows that do not meet `visible` show null. `upper`: stored in lower case, an enum in the API.

    `words`: of a column with few different values, an array of all of them, found without reading all rows. What only part of a value
    is given of is then looked for among these first, so that the rows are found by whole values, as indexes have them.
    """

    column: Col
    visible: Condition = EVERYBODY
    upper: bool = False
    words: Statement | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """JSON made by SQL that the code states; `{row}` stands for the row, `__tenant__` for the schema. Never null."""

    sql: str
    columns: tuple[Col, ...]
    visible: Condition = EVERYBODY


@dataclass(frozen=True, slots=True)
class Linked:
    """Whether a table of pairs has one of this row's id (`near`) and the reader (`far`); never for somebody who is nobody.

    `near` is what the code states where pairs name the row by no id: there is one such row.
    """

    near: Col | Equals
    far: Col


@dataclass(frozen=True, slots=True)
class Sealed:
    """Personal data, opened by the server with the person's own key, only in documents that select it."""

    column: Col
    key: Col
    person: Col
    purpose: str
    visible: Condition = EVERYBODY


@dataclass(frozen=True, slots=True)
class Rendered:
    """Markdown, as HTML that is safe to show; with `anchors`, headings carry ids."""

    column: Col
    anchors: bool = False


@dataclass(frozen=True, slots=True)
class Outlined:
    """The headings of Markdown, as a list of `id`, `level` and `text`; the ids are those that its HTML has."""

    column: Col


@dataclass(frozen=True, slots=True)
class Told:
    """An event's data, as people may read it. `type`: the column with the event's type."""

    type: Col
    data: Col


@dataclass(frozen=True, slots=True)
class One:
    """The entity that a column of this row names."""

    type: str
    column: Col


@dataclass(frozen=True, slots=True)
class Group:
    """An object made of columns of the same row, or of what SQL makes of it."""

    type: str
    fields: Mapping[str, Value | One | Many | Computed | Sealed]
    visible: Condition = EVERYBODY


@dataclass(frozen=True, slots=True)
class Many:
    """All entities that a table of pairs links to this row; meant for few per row."""

    type: str
    via: Link


@dataclass(frozen=True, slots=True)
class Connection:
    """Pages of entities (GraphQL Cursor Connections Specification).

    `via`: of this row only, by a table of pairs or by a column of theirs that names it. `only`: a condition of the field's own. `of`: arguments,
    each the id that a column of theirs must have.
    """

    type: str
    via: Link | Col | None = None
    only: Condition = EVERYBODY
    of: Mapping[str, Col] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """A plain list, `first` at most, in the entity's own order. `flags`: arguments that, when true, add a condition."""

    type: str
    flags: Mapping[str, Condition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Former:
    """A table of values that entities had before, each with the id of the one that had it last."""

    value: Col
    id: Col


@dataclass(frozen=True, slots=True)
class Ranked:
    """A plain list, `first` at most, highest first by a column of a table of ranks, which names each entity in `named`.

    `only`: filters of the entity, by name, and the one value that each must have.
    """

    type: str
    named: Col
    by: Col
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lookup:
    """One entity by exactly one of these arguments, each with its unique column; where nothing has the value, by what had it before."""

    type: str
    by: Mapping[str, Col]
    former: Mapping[str, Former] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Only:
    """The one row there is that meets the condition."""

    type: str
    condition: Condition = EVERYBODY


@dataclass(frozen=True, slots=True)
class Recalled:
    """What the context tells of the entity's past, from its events; for rows that meet `visible`, null for others.

    `permission`: whoever holds it is told everything; others what `recall` finds was theirs at the time. `until`: an argument, the
    moment up to which events count.
    """

    recall: Recall
    visible: Condition
    permission: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """One type among what a search finds, in SQL that the code states: `{row}` stands for the entity's row, `asked` for the question.

    `joined` follows the entity's table in FROM. `rank` is a number, the higher the earlier; `title` and `snippet` are HTML, never null.
    """

    type: str
    joined: str
    found: str
    rank: str
    title: str
    snippet: str


@dataclass(frozen=True, slots=True)
class Search:
    """The best of what text leads to. `asked`: SQL of the one row that `asked` is, `{typed}` being the text. `kinds`: by the API's enum."""

    asked: str
    longest: int
    kinds: Mapping[str, Sought]


Field = Value | Computed | Linked | Sealed | Rendered | Outlined | Told | Group | One | Many | Connection | Recalled
Query = Connection | Rows | Ranked | Lookup | Only | Search


@dataclass(frozen=True, slots=True)
class Order:
    """Where rows without a value stand, they stand as the latest: first when descending, last when ascending."""

    column: Col
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Some:
    """A filter on linked entities: holds where at least one of them meets it."""

    type: str
    via: Link


@dataclass(frozen=True, slots=True)
class Within:
    """A filter on entities that make a tree: holds for the one that is named, and for whatever stands under it. `above`: names the parent."""

    above: Col


@dataclass(frozen=True, slots=True)
class Entity:
    """A type with a table, rows one may see, orders and filters. Filters name only what everybody who may use them may see.

    `uneven`: its values are so unevenly spread that a plan that suits most of them is hundreds of times too slow for the rest;
    every reading is planned by the values it has.
    """

    type: str
    table: sa.Table
    fields: Mapping[str, Field]
    visible: Condition = EVERYBODY
    order: tuple[Order, ...] = ()
    orders: Mapping[str, Order] = field(default_factory=dict)
    filters: Mapping[str, Value | Some | Within] = field(default_factory=dict)
    uneven: bool = False

    @property
    def key(self) -> Col:
        return self.table.c.id


@dataclass(frozen=True, slots=True)
class Graph:
    """One context's part: its entities, fields it adds to entities of other contexts, and root fields of queries."""

    entities: tuple[Entity, ...] = ()
    extensions: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)
    queries: Mapping[str, Query] = field(default_factory=dict)
