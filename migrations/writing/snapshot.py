"""A schema's functions, views, triggers, constraints and defaults, as Postgres words them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

_OBJECTS = """
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
  format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name, '' AS "on", pg_get_functiondef(p.oid) AS definition,
  ARRAY[pg_get_function_arguments(p.oid), coalesce(pg_get_function_result(p.oid), '')] AS shape, p.oid::bigint AS made
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 AND p.prokind IN ('f', 'p', 'w')
UNION ALL
SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, format('%I.%I', n.nspname, c.relname), '',
  format('CREATE %s %I.%I%s AS%s', CASE c.relkind WHEN 'v' THEN 'OR REPLACE VIEW' ELSE 'MATERIALIZED VIEW' END, n.nspname, c.relname,
    ' WITH (' || array_to_string(c.reloptions, ', ') || ')', E'\\n' || rtrim(pg_get_viewdef(c.oid, 120), ';')),
  CASE WHEN c.relkind = 'v' THEN (
    SELECT array_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END, c.oid::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('v', 'm')
UNION ALL
SELECT 'index', format('%I.%I', n.nspname, i.relname), format('%I.%I', n.nspname, c.relname), pg_get_indexdef(i.oid), NULL, i.oid::bigint
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind = 'm'
UNION ALL
SELECT 'trigger', format('%I ON %I.%I', t.tgname, n.nspname, c.relname), format('%I.%I', n.nspname, c.relname), pg_get_triggerdef(t.oid), NULL,
  t.oid::bigint
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND NOT t.tgisinternal
ORDER BY made
"""
_STANDING = """
SELECT coalesce(r.ev_class, d.objid)::bigint AS made, d.refobjid::bigint AS standing_on
FROM pg_depend d LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
WHERE d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_trigger'::regclass, 'pg_class'::regclass)
AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND coalesce(r.ev_class, d.objid) <> d.refobjid ORDER BY 1, 2
"""
# `name` is empty where the whole row is meant.
_READING = """
SELECT coalesce(r.ev_class, d.objid)::bigint AS made, c.relname::text AS table_name, coalesce(a.attname::text, '') AS name
FROM pg_depend d LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid LEFT JOIN pg_type e ON e.typarray = t.oid
JOIN pg_class c ON c.oid = coalesce(e.typrelid, t.typrelid, d.refobjid) AND c.relkind IN ('r', 'p')
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
WHERE d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_trigger'::regclass)
AND d.refclassid IN ('pg_class'::regclass, 'pg_type'::regclass)
"""
_IN_TABLES = """
SELECT DISTINCT refobjid::bigint AS made FROM pg_depend
WHERE classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass) AND refclassid = 'pg_proc'::regclass
"""
_CONSTRAINTS = """
SELECT c.relname::text AS table_name, k.conname::text AS name, k.convalidated AS validated,
  regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') AS definition,
  (SELECT coalesce(array_agg(a.attname::text), '{}') FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND k.contype IN ('c', 'f') ORDER BY 1, 2
"""
_DEFAULTS = """
SELECT c.relname::text AS table_name, a.attname::text AS name,
  CASE WHEN a.attgenerated <> '' THEN format('GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))
    WHEN a.attidentity <> '' THEN format('GENERATED %s AS IDENTITY', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END)
    ELSE pg_get_expr(d.adbin, d.adrelid) END AS definition
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT a.attisdropped AND (a.attidentity <> '' OR d.oid IS NOT NULL)
"""
_COLUMNS = """
SELECT c.relname::text AS table_name, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
"""
_TABLES = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = $1 AND tablename <> 'alembic_version'"

IDENTITY = " AS IDENTITY"
STORED = ") STORED"

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """`name` as DROP takes it; `on` the table or view that it goes with; `shape` what OR REPLACE must keep, None: it cannot.

    `stands_on` holds the keys of objects without which it could not be, `reads` the columns; `in_tables`: a default, check or
    index of a table calls it. What a function's body names is no part of any: Postgres does not know it.
    """

    kind: str
    name: str
    on: str
    definition: str
    shape: tuple[str, ...] | None
    stands_on: tuple[str, ...] = ()
    reads: frozenset[Place] = frozenset()
    in_tables: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def drop(self) -> str:
        return f"DROP {self.kind.upper()} {self.name}"

    def replaces(self, other: SchemaObject) -> bool:
        """Whether its definition may be run where the other's was: a view may get more columns at the end, a function only another body."""
        if self.shape is None or other.shape is None:
            return False
        return self.shape[: len(other.shape)] == other.shape if self.kind == "view" else self.shape == other.shape


@dataclass(frozen=True, slots=True)
class Constraint:
    """A CHECK or foreign key; `validated` once old rows were looked at."""

    definition: str
    columns: tuple[str, ...]
    validated: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Objects in the order in which they were made; constraints, columns' types and defaults by table and name."""

    tables: frozenset[str]
    objects: Mapping[str, SchemaObject]
    constraints: Mapping[Place, Constraint]
    columns: Mapping[Place, str]
    defaults: Mapping[Place, str]

    def changing(self, other: Snapshot) -> frozenset[Place]:
        """Columns that the other has no longer, or of another type; with an empty name, whole rows of tables that it has no longer."""
        columns = {place for place, type_ in self.columns.items() if other.columns.get(place) != type_}
        return frozenset(columns | {(table, "") for table in self.tables - other.tables})

    def is_like(self, other: Snapshot) -> bool:
        """The same, whatever was made first and whichever constraints have looked at old rows."""
        return self._compared() == other._compared()

    def _compared(self) -> tuple[object, ...]:
        constraints = {place: (one.definition, one.columns) for place, one in self.constraints.items()}
        return self.tables, dict(self.objects), constraints, dict(self.columns), dict(self.defaults)


async def snapshot(connection: AsyncConnection, schema: str) -> Snapshot:
    async def rows(sql: str) -> list[dict[str, object]]:
        return [dict(row) for row in (await connection.exec_driver_sql(sql, (schema,) if "$1" in sql else ())).mappings()]

    objects = _objects(await rows(_OBJECTS), await rows(_STANDING), await rows(_READING), {row["made"] for row in await rows(_IN_TABLES)})
    constraints = await rows(_CONSTRAINTS)
    return Snapshot(
        tables=frozenset(str(row["name"]) for row in await rows(_TABLES)),
        objects={one.key: one for one in objects},
        constraints={_place(r): Constraint(str(r["definition"]), _shape(r["columns"]) or (), bool(r["validated"])) for r in constraints},
        columns={_place(row): str(row["type"]) for row in await rows(_COLUMNS)},
        defaults={_place(row): str(row["definition"]) for row in await rows(_DEFAULTS)},
    )


def _objects(
    rows: list[dict[str, object]], standing: list[dict[str, object]], reading: list[dict[str, object]], in_tables: set[object]
) -> list[SchemaObject]:
    keys = {row["made"]: f"{row['kind']} {row['name']}" for row in rows}
    below: dict[object, list[str]] = {made: [] for made in keys}
    for pair in standing:
        if pair["made"] in keys and pair["standing_on"] in keys and keys[pair["standing_on"]] not in below[pair["made"]]:
            below[pair["made"]].append(keys[pair["standing_on"]])
    read: dict[object, set[Place]] = {made: set() for made in keys}
    for row in reading:
        if row["made"] in read:
            read[row["made"]].add(_place(row))
    return [
        SchemaObject(
            kind=str(r["kind"]),
            name=str(r["name"]),
            on=str(r["on"]),
            definition=str(r["definition"]).strip(),
            shape=_shape(r["shape"]),
            stands_on=tuple(below[r["made"]]),
            reads=frozenset(read[r["made"]]),
            in_tables=r["made"] in in_tables,
        )
        for r in rows
    ]


def _place(row: Mapping[str, object]) -> Place:
    return str(row["table_name"]), str(row["name"])


def _shape(value: object) -> tuple[str, ...] | None:
    return tuple(map(str, value)) if isinstance(value, list) else None
