"""For every rule: SQL that breaks it."""

from __future__ import annotations

from dataclasses import dataclass

from migrations.history import Execution, History

OUTSIDE = Execution.OUTSIDE_TRANSACTION
MAKE = "CREATE TABLE __tenant__.pages (id uuid PRIMARY KEY, title text NOT NULL)"
HEADER = "CREATE FUNCTION __tenant__.f() RETURNS trigger LANGUAGE plpgsql"


@dataclass(frozen=True, slots=True)
class Example:
    """One revision after a history that had none; `earlier` is the SQL of the revision before it."""

    statements: tuple[str, ...]
    earlier: tuple[str, ...] = ()
    history: History = History.TENANT
    execution: Execution = Execution.REPLAYED
    says: str = "Expand."


def sql(*statements: str, earlier: tuple[str, ...] = (), says: str = "Expand.") -> Example:
    return Example(statements, earlier, says=says)


def control(*statements: str, execution: Execution = Execution.REPLAYED) -> Example:
    return Example(statements, history=History.CONTROL, execution=execution)


def outside(*statements: str) -> Example:
    return Example(statements, execution=OUTSIDE)


ALTER = "ALTER TABLE __tenant__.posts"
CHECK = f"{ALTER} ADD CONSTRAINT c CHECK (note IS NOT NULL) NOT VALID"
BODY = "AS $$ BEGIN RETURN NEW; END $$"

BAD: dict[str, list[Example]] = {
    "volatile-default": [
        sql(f"{ALTER} ADD COLUMN note uuid DEFAULT gen_random_uuid()"),
        sql(f"{ALTER} ADD COLUMN note timestamptz DEFAULT clock_timestamp() NOT NULL"),
        sql(f"{ALTER} ADD COLUMN note text DEFAULT __tenant__.something()"),
        sql(f"{ALTER} ADD COLUMN a text, ADD b bigint GENERATED ALWAYS AS IDENTITY"),
        sql(f"{ALTER} ADD COLUMN b bigserial"),
        sql(f"{ALTER} ADD COLUMN b text GENERATED ALWAYS AS (upper(title)) STORED"),
    ],
    "not-null-without-validated-check": [
        sql(f"{ALTER} ALTER COLUMN note SET NOT NULL"),
        sql(f"{ALTER} ADD COLUMN note text NOT NULL"),
        sql(f"{ALTER} ALTER note SET NOT NULL", earlier=(CHECK,)),
        sql(f"{ALTER} ALTER other SET NOT NULL", earlier=(CHECK, f"{ALTER} VALIDATE CONSTRAINT c")),
    ],
    "index-on-existing-table": [
        sql("CREATE UNIQUE INDEX i ON __tenant__.posts (slug)"),
        sql("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON __tenant__.posts (slug)"),
        sql("CREATE INDEX i ON __tenant__.posts (slug)", MAKE, "CREATE INDEX CONCURRENTLY j ON __tenant__.pages (title)"),
        outside("CREATE INDEX IF NOT EXISTS i ON __tenant__.posts (slug)"),
        control("CREATE INDEX i ON control.organizations (tier)"),
    ],
    "type-change": [sql(f"{ALTER} ALTER COLUMN title TYPE varchar(9)"), sql(f"{ALTER} ALTER title SET DATA TYPE text USING title::text")],
    "rename": [
        sql(f"{ALTER} RENAME COLUMN title TO headline"),
        sql(f"{ALTER} RENAME title TO headline"),
        sql(f"{ALTER} RENAME TO articles"),
        sql("ALTER VIEW __tenant__.seen RENAME TO looked_at"),
    ],
    "drop-before-contract": [
        sql("DROP TABLE __tenant__.posts"),
        sql(f"{ALTER} DROP COLUMN title"),
        sql(f"{ALTER} ADD a int, DROP title CASCADE"),
        sql("DROP VIEW IF EXISTS __tenant__.seen"),
        sql("DROP FUNCTION __tenant__.f()"),
        sql("TRUNCATE TABLE __tenant__.posts"),
    ],
    "constraint-not-valid": [
        sql(f"{ALTER} ADD CONSTRAINT c CHECK (version > 0)"),
        sql(f"{ALTER} ADD FOREIGN KEY (author_id) REFERENCES __tenant__.users (id)"),
        sql(f"{ALTER} ADD COLUMN n int CHECK (n > 0)"),
        sql(f"{ALTER} ADD COLUMN n int DEFAULT 1 REFERENCES __tenant__.users (id)"),
        sql(CHECK, f"{ALTER} VALIDATE CONSTRAINT c"),
        sql(f"{ALTER} VALIDATE CONSTRAINT c", earlier=(CHECK,)),
    ],
    "unique-constraint-on-existing-table": [
        sql(f"{ALTER} ADD CONSTRAINT u UNIQUE (slug)"),
        sql(f"{ALTER} ADD PRIMARY KEY (id)"),
        sql(f"{ALTER} ADD CONSTRAINT e EXCLUDE USING gist (span WITH &&)"),
        sql(f"{ALTER} ADD COLUMN n int UNIQUE"),
    ],
    "lifted-timeout": [
        sql("DISCARD ALL"),
        sql("SET LOCAL lock_timeout = 0"),
        sql("SET lock_timeout TO '10s'"),
        sql("SET LOCAL statement_timeout = DEFAULT"),
        sql("SET LOCAL statement_timeout = '1min'"),
        sql("RESET lock_timeout"),
        sql("SELECT pg_catalog.set_config('lock_timeout', '0', true)"),
    ],
    "enum-or-domain": [sql("CREATE TYPE __tenant__.mood AS ENUM ('good')"), sql("CREATE DOMAIN __tenant__.slug AS text")],
    "extension": [sql("CREATE EXTENSION IF NOT EXISTS pgcrypto")],
    "foreign-key-leaves-schema": [
        sql("CREATE TABLE __tenant__.a (id uuid PRIMARY KEY REFERENCES control.organizations (id))"),
        sql(f"{ALTER} ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES public.xs (id) NOT VALID"),
    ],
    "table-without-primary-key": [sql("CREATE TABLE __tenant__.a (id uuid NOT NULL, CONSTRAINT a_key UNIQUE (id))")],
    "unqualified-name": [
        sql("CREATE TABLE a (id uuid PRIMARY KEY)"),
        sql("ALTER TABLE posts ADD COLUMN n int"),
        sql("CREATE INDEX i ON posts (slug)"),
        sql("CREATE TRIGGER t AFTER INSERT ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION f()"),
        sql("CREATE VIEW __tenant__.v AS SELECT p.id FROM __tenant__.posts p JOIN users u ON u.id = p.author_id"),
        sql("CREATE VIEW __tenant__.v AS SELECT p.id FROM __tenant__.posts p, users AS u"),
        sql("UPDATE posts SET n = 1 WHERE n IS NULL"),
        sql("INSERT INTO handled (event_id) SELECT id FROM __tenant__.domain_events"),
        sql("DELETE FROM __tenant__.posts WHERE id IN (SELECT post_id FROM post_tags)"),
        sql("GRANT SELECT ON posts TO __role__"),
        sql("DELETE FROM __tenant__.posts p USING users u WHERE u.id = p.author_id"),
        sql("MERGE INTO __tenant__.posts p USING users u ON u.id = p.author_id WHEN MATCHED THEN DELETE"),
        sql("COMMENT ON COLUMN posts.title IS 'x'"),
        sql("DROP TABLE __tenant__.a, b", says="Contract."),
        sql(f"{ALTER} ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES xs (id) NOT VALID"),
    ],
    "other-schema": [
        sql("CREATE TABLE public.a (id uuid PRIMARY KEY)"),
        sql("INSERT INTO control.timers (id) SELECT id FROM __tenant__.posts"),
        sql(f"{ALTER} ADD COLUMN n text DEFAULT public.f()"),
        sql("CREATE VIEW __tenant__.v AS SELECT t.table_name FROM information_schema.tables t"),
        sql("GRANT USAGE ON SCHEMA public TO __role__"),
        sql("SET search_path = __tenant__"),
        sql("CREATE SCHEMA more"),
        sql(f"{ALTER} SET SCHEMA archive"),
        sql("SELECT set_config('search_path', 'public', true)"),
        control("CREATE VIEW control.v AS SELECT p.id FROM __tenant__.posts p"),
    ],
    "other-role": [
        sql("GRANT SELECT ON __tenant__.posts TO PUBLIC"),
        sql("GRANT SELECT ON __tenant__.posts TO __role__, __tenants__"),
        sql("GRANT __role__ TO somebody"),
        sql("ALTER DEFAULT PRIVILEGES IN SCHEMA __tenant__ GRANT SELECT ON TABLES TO PUBLIC"),
        sql("DROP OWNED BY __role__"),
        sql("REASSIGN OWNED BY somebody TO __role__"),
        sql("CREATE POLICY p ON __tenant__.posts TO PUBLIC USING (true)"),
        sql(f"{ALTER} OWNER TO somebody"),
        control("GRANT SELECT ON control.organizations TO __role__"),
    ],
    "table-lock": [
        sql("LOCK TABLE __tenant__.posts"),
        sql("CLUSTER __tenant__.posts USING posts_pkey"),
        outside("VACUUM (FULL) __tenant__.posts"),
        outside("REINDEX TABLE __tenant__.posts"),
        sql("REFRESH MATERIALIZED VIEW __tenant__.statistics"),
        sql(f"{ALTER} SET UNLOGGED"),
        sql(f"{ALTER} ATTACH PARTITION __tenant__.old FOR VALUES IN (1)"),
    ],
    "volatile-function-in-update": [
        sql("UPDATE __tenant__.posts SET token = gen_random_uuid() WHERE token IS NULL"),
        sql("INSERT INTO __tenant__.a (id, n) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = random()"),
        sql("WITH a AS (SELECT 1) UPDATE __tenant__.posts SET token = gen_random_uuid() WHERE token IS NULL"),
        sql("WITH a AS (UPDATE __tenant__.posts SET token = gen_random_uuid() WHERE token IS NULL RETURNING 1) SELECT 1"),
    ],
    "expand-or-contract-unsaid": [sql(MAKE, says="Pages."), sql(MAKE, says="Expand the pages."), sql(MAKE, says="")],
    "search-path-unset": [
        sql(f"{HEADER} SECURITY DEFINER {BODY}"),
        sql("ALTER FUNCTION __tenant__.f() SECURITY DEFINER"),
        sql(f"{HEADER} SECURITY DEFINER AS $$ SET search_path = '' $$"),
    ],
    "outside-transaction-not-repeatable": [
        outside("CREATE INDEX CONCURRENTLY i ON __tenant__.posts (slug)"),
        outside(f"{ALTER} ADD COLUMN n int"),
        outside(f"{ALTER} ADD COLUMN IF NOT EXISTS n int, ADD COLUMN m int"),
        outside("INSERT INTO __tenant__.roles (id) VALUES ('x')"),
        outside("UPDATE __tenant__.posts SET version = version + 1"),
    ],
    "mixes-schema-and-data": [
        sql("UPDATE __tenant__.posts SET n = 1"),
        sql("DELETE FROM __tenant__.links"),
        sql(f"{ALTER} ADD COLUMN n int", "UPDATE __tenant__.posts SET n = 1 WHERE n IS NULL"),
        sql("UPDATE __tenant__.posts SET n = 1 WHERE n IS NULL", earlier=(f"{ALTER} ADD COLUMN n int",)),
        sql("WITH a AS (SELECT 1) UPDATE __tenant__.posts SET n = 1"),
        sql("WITH a AS (DELETE FROM __tenant__.links RETURNING id) SELECT 1 FROM a WHERE a.id IS NULL"),
        sql("INSERT INTO __tenant__.tags (id) SELECT id FROM __tenant__.posts"),
        sql(MAKE, "insert into __tenant__.pages (id, title) (select id, title from __tenant__.posts where true)"),
        sql("INSERT INTO __tenant__.tags TABLE __tenant__.old"),
        sql("MERGE INTO __tenant__.tags t USING __tenant__.posts p ON p.id = t.id WHEN MATCHED THEN DELETE"),
    ],
    "several-statements": [sql(f"{ALTER} ADD COLUMN n int; COMMENT ON COLUMN __tenant__.posts.n IS 'x'")],
    "hidden-statement": [sql("DO $$ BEGIN DROP TABLE __tenant__.posts; END $$"), sql("PREPARE p AS DELETE FROM __tenant__.posts", "EXECUTE p")],
    "transaction-statement": [
        *(sql(text) for text in ("COMMIT", "/* x */ begin", "END", "ROLLBACK", "ABORT", "START TRANSACTION", "SAVEPOINT a", "RELEASE a")),
        sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
        outside("COMMIT"),
        control("SAVEPOINT a"),
    ],
    "reaches-the-server": [
        sql("ALTER SYSTEM SET lock_timeout = 0"),
        sql("COPY __tenant__.posts TO PROGRAM 'x'"),
        sql("LOAD 'x'"),
        control("NOTIFY changed"),
    ],
    "guards-switched-off": [
        sql("SET session_replication_role = replica"),
        sql("SELECT set_config('session_replication_role', 'replica', true)"),
        sql(f"{ALTER} ADD COLUMN n int, DISABLE TRIGGER ALL"),
        control("ALTER TABLE control.organizations DISABLE RULE r"),
    ],
    "revoke-before-contract": [
        sql("REVOKE SELECT ON __tenant__.posts FROM __role__"),
        sql("REVOKE ALL ON __tenant__.posts FROM PUBLIC, __role__ CASCADE"),
        sql("REVOKE EXECUTE ON FUNCTION __tenant__.f() FROM __role__"),
        control("REVOKE SELECT ON control.organizations FROM __login__"),
    ],
    "index-needed-before-it-is-built": [
        sql("CREATE INDEX i ON __tenant__.posts (slug)", "COMMENT ON INDEX __tenant__.i IS 'x'"),
        sql("create index I on __tenant__.posts(slug)", "ALTER INDEX __tenant__.i RENAME TO j"),
        sql("CREATE INDEX i ON __tenant__.posts (slug)", f"{ALTER} DROP COLUMN slug"),
        sql("CREATE INDEX i ON __tenant__.posts (slug)", "DROP INDEX __tenant__.i"),
    ],
    "outside-transaction-without-need": [
        outside(f"{ALTER} ADD COLUMN IF NOT EXISTS n int"),
        outside(f"{ALTER} VALIDATE CONSTRAINT c, ALTER COLUMN n SET NOT NULL"),
        outside("DROP INDEX IF EXISTS __tenant__.i"),
        outside("CREATE TABLE IF NOT EXISTS __tenant__.a (id uuid PRIMARY KEY)"),
        outside("COMMENT ON TABLE __tenant__.posts IS 'x'"),
    ],
}
