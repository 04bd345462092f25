"""For every rule: SQL of the same purpose as what breaks it, which keeps to it."""

from __future__ import annotations

from tests.unit.migrations.lint_examples import ALTER, BODY, CHECK, HEADER, MAKE, OUTSIDE, Example, control, outside, sql

GOOD: dict[str, list[Example]] = {
    "volatile-default": [
        sql(f"{ALTER} ADD COLUMN note timestamptz DEFAULT now() NOT NULL"),
        sql(f"{ALTER} ADD COLUMN note text DEFAULT 'gen_random_uuid()' NOT NULL"),
        sql(f"{ALTER} ADD COLUMN note jsonb DEFAULT '{{}}'::jsonb NOT NULL"),
        sql(f"{ALTER} ADD COLUMN note timestamptz DEFAULT CURRENT_TIMESTAMP"),
        sql(f"{ALTER} ADD COLUMN note uuid", f"{ALTER} ALTER COLUMN note SET DEFAULT gen_random_uuid()"),
        sql(MAKE, "ALTER TABLE __tenant__.pages ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY"),
    ],
    "not-null-without-validated-check": [
        sql(f"{ALTER} ALTER COLUMN note SET NOT NULL", earlier=(CHECK, f"{ALTER} VALIDATE CONSTRAINT c")),
        sql(f"{ALTER} ADD COLUMN note text DEFAULT 'x' NOT NULL"),
        sql(f"{ALTER} ADD COLUMN note text DEFAULT NULL"),
        sql(MAKE, "ALTER TABLE __tenant__.pages ADD COLUMN n int NOT NULL"),
    ],
    "index-on-existing-table": [
        sql("CREATE INDEX i ON __tenant__.posts (slug)"),
        sql(MAKE, "CREATE UNIQUE INDEX i ON __tenant__.pages (title)"),
        outside("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON __tenant__.posts (slug)"),
        control("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON control.organizations (tier)", execution=OUTSIDE),
    ],
    "type-change": [
        sql(f"{ALTER} ADD COLUMN type text"),
        sql(f"{ALTER} ALTER COLUMN type SET DEFAULT 'x'"),
        sql(MAKE, "ALTER TABLE __tenant__.pages ALTER title TYPE varchar(9)"),
    ],
    "rename": [sql(f"{ALTER} RENAME CONSTRAINT a TO b"), sql("ALTER INDEX __tenant__.a RENAME TO b")],
    "drop-before-contract": [
        sql("DROP TABLE __tenant__.posts", says="Pages.\n\nContract."),
        sql(f"{ALTER} DROP COLUMN title", says="Contract."),
        sql("DROP TRIGGER t ON __tenant__.posts"),
        sql(f"{ALTER} ALTER COLUMN title DROP NOT NULL"),
        sql("DROP FUNCTION __tenant__.f()", f"{HEADER} {BODY}"),
        sql(MAKE, "DROP TABLE __tenant__.pages"),
    ],
    "constraint-not-valid": [
        sql(CHECK),
        sql(f"{ALTER} VALIDATE CONSTRAINT added_long_ago"),
        Example((f"{ALTER} VALIDATE CONSTRAINT c",), earlier=(CHECK,), execution=OUTSIDE),
        sql(f"{ALTER} ADD COLUMN editor uuid REFERENCES __tenant__.users (id)"),
        sql(MAKE, "ALTER TABLE __tenant__.pages ADD CHECK (title <> '')"),
    ],
    "unique-constraint-on-existing-table": [
        sql(f"{ALTER} ADD CONSTRAINT u UNIQUE USING INDEX i"),
        sql("CREATE TABLE __tenant__.a (id uuid NOT NULL)", "ALTER TABLE __tenant__.a ADD PRIMARY KEY (id)"),
    ],
    "lifted-timeout": [
        sql("SET LOCAL lock_timeout = '500ms'"),
        sql("SET LOCAL statement_timeout = '5s'"),
        sql("SELECT pg_catalog.set_config('lock_timeout', '1000', true)"),
    ],
    "enum-or-domain": [sql("CREATE TABLE __tenant__.a (id uuid PRIMARY KEY, type text CHECK (type IN ('good')))")],
    "extension": [sql("COMMENT ON TABLE __tenant__.posts IS 'CREATE EXTENSION pgcrypto'")],
    "foreign-key-leaves-schema": [
        sql("CREATE TABLE __tenant__.a (id uuid PRIMARY KEY REFERENCES __tenant__.users (id))"),
        control("CREATE TABLE control.a (id uuid PRIMARY KEY REFERENCES control.organizations (id))"),
    ],
    "table-without-primary-key": [
        sql("CREATE TABLE __tenant__.a (id uuid, n int, CONSTRAINT a_pkey PRIMARY KEY (id, n))"),
        sql("CREATE TABLE __tenant__.a (id uuid NOT NULL)", "ALTER TABLE __tenant__.a ADD PRIMARY KEY (id)"),
        sql("CREATE TABLE __tenant__.a PARTITION OF __tenant__.b DEFAULT"),
    ],
    "unqualified-name": [
        sql(
            "CREATE VIEW __tenant__.v AS WITH w AS (SELECT 1 AS n) SELECT extract(day FROM now()) FROM w, unnest(ARRAY[1]) WHERE 1 IS DISTINCT FROM n"
        ),
        sql("CREATE TRIGGER t AFTER INSERT OR UPDATE OF title ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.f('posts')"),
        sql("CREATE VIEW __tenant__.v AS WITH w (n, m) AS MATERIALIZED (SELECT 1, 2), x AS (SELECT 3) SELECT w.n FROM w JOIN x USING (n)"),
        sql("DELETE FROM ONLY __tenant__.posts AS p USING __tenant__.users u WHERE u.id = p.author_id"),
        sql("GRANT SELECT, UPDATE (title) ON TABLE __tenant__.posts, __tenant__.users TO __role__"),
        sql('CREATE TABLE "__tenant__"."a b" (id uuid PRIMARY KEY, FOREIGN KEY (id) REFERENCES "__tenant__".users (id) ON DELETE CASCADE)'),
        sql("CREATE POLICY own ON __tenant__.posts FOR SELECT TO __role__ USING (posts.author_id IS NULL)"),
    ],
    "other-schema": [
        sql("CREATE VIEW __tenant__.v AS SELECT pg_catalog.now() AS at, p.title FROM __tenant__.posts p -- public.posts"),
        sql("COMMENT ON TABLE __tenant__.posts IS 'public.posts'"),
        sql(f"{HEADER} SET search_path = '' {BODY}"),
        control("GRANT USAGE ON SCHEMA control TO __login__"),
    ],
    "other-role": [
        sql("GRANT SELECT ON __tenant__.posts TO __role__ WITH GRANT OPTION"),
        sql("REVOKE ALL ON FUNCTION __tenant__.f() FROM PUBLIC"),
        sql("ALTER DEFAULT PRIVILEGES IN SCHEMA __tenant__ GRANT SELECT ON TABLES TO __role__"),
        sql("CREATE POLICY p ON __tenant__.posts AS PERMISSIVE FOR SELECT TO __role__ USING (true)"),
        control("GRANT SELECT ON control.organizations TO __login__, GROUP __tenants__"),
    ],
    "table-lock": [
        outside("REINDEX TABLE CONCURRENTLY __tenant__.posts"),
        outside("VACUUM ANALYZE __tenant__.posts"),
        sql(f"{ALTER} SET (fillfactor = 70)"),
        sql(MAKE, f"{ALTER} ATTACH PARTITION __tenant__.pages FOR VALUES IN (1)"),
    ],
    "volatile-function-in-update": [
        sql("UPDATE __tenant__.posts SET seen_at = now() WHERE seen_at IS NULL"),
        sql("INSERT INTO __tenant__.a (id) VALUES (gen_random_uuid())"),
        sql("WITH a AS (SELECT random() AS n) SELECT n FROM a FOR UPDATE"),
    ],
    "expand-or-contract-unsaid": [sql(MAKE, says="Pages.\n\nExpand."), sql(MAKE, says="Contract.\n\nMore.")],
    "search-path-unset": [sql(f"{HEADER} SECURITY DEFINER SET search_path = '' {BODY}"), sql(f"{HEADER} {BODY}")],
    "outside-transaction-not-repeatable": [
        outside(f"{ALTER} ADD COLUMN IF NOT EXISTS n int, ALTER COLUMN m DROP NOT NULL"),
        outside("INSERT INTO __tenant__.roles (id) VALUES ('x') ON CONFLICT DO NOTHING"),
        outside("UPDATE __tenant__.posts SET n = 1 WHERE n IS NULL"),
        outside("DROP INDEX CONCURRENTLY IF EXISTS __tenant__.i"),
        outside(f"{ALTER} VALIDATE CONSTRAINT c"),
    ],
    "mixes-schema-and-data": [
        sql("UPDATE __tenant__.roles SET name = 'x' WHERE name = 'y'"),
        sql("WITH a AS (SELECT 1) UPDATE __tenant__.roles SET name = 'x' WHERE name = 'y'"),
        sql(MAKE, "UPDATE __tenant__.pages SET title = 'x'"),
        sql(MAKE, "INSERT INTO __tenant__.pages (id, title) SELECT gen_random_uuid(), n::text FROM generate_series(1, 3) n"),
        Example(("INSERT INTO __tenant__.tags (id) SELECT id FROM __tenant__.posts ON CONFLICT DO NOTHING",), execution=OUTSIDE),
        sql("UPDATE __tenant__.roles SET name = 'x' WHERE name = 'y'", earlier=(f"{ALTER} ADD COLUMN n int",)),
    ],
    "several-statements": [
        sql("CREATE FUNCTION __tenant__.f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END"),
        sql("COMMENT ON TABLE __tenant__.posts IS 'a; b';"),
    ],
    "hidden-statement": [sql("INSERT INTO __tenant__.a (id) VALUES (1) ON CONFLICT DO NOTHING")],
    "transaction-statement": [
        sql("CREATE FUNCTION __tenant__.f() RETURNS int BEGIN ATOMIC SELECT 1; END"),
        sql(f"{HEADER} {BODY}"),
        sql("COMMENT ON TABLE __tenant__.posts IS 'COMMIT' -- COMMIT"),
    ],
    "reaches-the-server": [sql("COMMENT ON TABLE __tenant__.posts IS 'COPY'"), sql("ALTER TABLE __tenant__.system ADD COLUMN copy text")],
    "guards-switched-off": [
        sql(f"{ALTER} ENABLE TRIGGER t"),
        sql("COMMENT ON TABLE __tenant__.posts IS 'DISABLE TRIGGER ALL'"),
        sql(f"{ALTER} ALTER COLUMN trigger DROP DEFAULT"),
    ],
    "revoke-before-contract": [
        sql("REVOKE SELECT ON __tenant__.posts FROM __role__", says="Contract."),
        sql(MAKE, "REVOKE UPDATE, DELETE ON __tenant__.pages FROM __role__"),
        sql("REVOKE ALL ON FUNCTION __tenant__.f() FROM PUBLIC"),
    ],
    "index-needed-before-it-is-built": [
        sql("DROP INDEX __tenant__.i", "CREATE INDEX i ON __tenant__.posts (slug)"),
        sql("CREATE INDEX i ON __tenant__.posts (slug)", f"{ALTER} DROP COLUMN title"),
        sql("DROP INDEX __tenant__.i", earlier=("CREATE INDEX i ON __tenant__.posts (slug)",)),
        sql(MAKE, "CREATE INDEX i ON __tenant__.pages (title)", "ALTER INDEX __tenant__.i RENAME TO j"),
    ],
    "outside-transaction-without-need": [
        outside("drop index concurrently if exists __tenant__.i", f"{ALTER} VALIDATE CONSTRAINT c"),
        outside("VACUUM (ANALYZE) __tenant__.posts", "UPDATE __tenant__.posts SET n = 1 WHERE n IS NULL"),
        outside(f"{ALTER} DETACH PARTITION __tenant__.a CONCURRENTLY"),
        sql(f"{ALTER} ADD COLUMN n int"),
    ],
}
