"""Search faster, and compare what search keeps.

Expand.
"""

from __future__ import annotations

from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"

INDEX_POSTS = """\
CREATE OR REPLACE FUNCTION __tenant__.index_posts(ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
        BEGIN
          INSERT INTO __tenant__.post_search (post_id, configuration, document, body)
          SELECT i.post_id, i.configuration, i.document, i.body FROM __tenant__.indexed_posts(ids, __tenant__.search_configuration()) i
          ON CONFLICT (post_id) DO UPDATE SET configuration = excluded.configuration, document = excluded.document, body = excluded.body;
        END $function$
"""

INDEXED_POSTS = """\
CREATE OR REPLACE FUNCTION __tenant__.indexed_posts(ids uuid[], language regconfig)
 RETURNS TABLE(post_id uuid, configuration text, document tsvector, body text)
 LANGUAGE sql
 STABLE
AS $function$
  SELECT p.id, language::text,
    pg_catalog.to_tsvector(language, pg_catalog.left(t.body, 100000))
      || pg_catalog.setweight(pg_catalog.to_tsvector(language, p.title), 'A')
      || pg_catalog.setweight(pg_catalog.to_tsvector(language, coalesce(p.excerpt, '')), 'C')
      || __tenant__.tag_words(p.id, language),
    pg_catalog.left(t.body, 10000)
  FROM __tenant__.posts p
  CROSS JOIN LATERAL (SELECT __tenant__.plain_text(pg_catalog.left(p.content, 200000)) AS body OFFSET 0) t
  WHERE p.id = ANY (ids)
$function$
"""

SEARCH_PATTERN = """\
CREATE OR REPLACE FUNCTION __tenant__.search_pattern(query tsquery)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT CASE WHEN query::text !~ '[&!<]' THEN '\\m(?:' || pg_catalog.string_agg(DISTINCT found.word[1], '|') || ')' END
  FROM pg_catalog.regexp_matches(query::text, '''([[:alnum:]]+)''', 'g') AS found (word)
$function$
"""

SNIPPET = """\
CREATE OR REPLACE FUNCTION __tenant__.snippet(configuration regconfig, body text, query tsquery, pattern text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
        DECLARE
          options CONSTANT text := U&'StartSel=\\E000, StopSel=\\E001, MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=" … "';
          place integer := 0;
          start integer;
          found text;
        BEGIN
          IF pattern IS NOT NULL AND pg_catalog.length(body) > 1000 THEN
            place := pg_catalog.regexp_instr(pg_catalog.lower(body), pattern);
          END IF;
          IF place > 0 THEN
            start := greatest(place - 200, 1);
            found := pg_catalog.substr(body, start, 800);
            IF start > 1 THEN
              found := pg_catalog.substr(found, pg_catalog.strpos(found, ' ') + 1);
            END IF;
            IF start + 800 <= pg_catalog.length(body) THEN
              found := pg_catalog.regexp_replace(found, '\\S+$', '');
            END IF;
            found := pg_catalog.ts_headline(configuration, found, query, options);
            IF pg_catalog.strpos(found, U&'\\E000') > 0 THEN
              RETURN found;
            END IF;
          END IF;
          RETURN pg_catalog.ts_headline(configuration, body, query, options);
        END $function$
"""

INDEX_POSTS_BEFORE = """\
CREATE OR REPLACE FUNCTION __tenant__.index_posts(ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
        DECLARE
          language regconfig := __tenant__.search_configuration();
        BEGIN
          INSERT INTO __tenant__.post_search (post_id, configuration, document, body)
          SELECT p.id, language::text,
            pg_catalog.to_tsvector(language, pg_catalog.left(t.body, 100000))
              || pg_catalog.setweight(pg_catalog.to_tsvector(language, p.title), 'A')
              || pg_catalog.setweight(pg_catalog.to_tsvector(language, coalesce(p.excerpt, '')), 'C')
              || __tenant__.tag_words(p.id, language),
            pg_catalog.left(t.body, 10000)
          FROM __tenant__.posts p
          CROSS JOIN LATERAL (SELECT __tenant__.plain_text(pg_catalog.left(p.content, 200000)) AS body OFFSET 0) t
          WHERE p.id = ANY (ids)
          FOR NO KEY UPDATE OF p
          ON CONFLICT (post_id) DO UPDATE SET configuration = excluded.configuration, document = excluded.document, body = excluded.body;
        END $function$
"""


def upgrade() -> None:
    op.execute(INDEX_POSTS)
    op.execute(INDEXED_POSTS)
    op.execute(SEARCH_PATTERN)
    op.execute(SNIPPET)
    # Documents are ranked by the hundred: read with their row, they need no second look-up each. Holds for what is written from now on.
    op.execute("ALTER TABLE __tenant__.post_search ALTER COLUMN document SET STORAGE MAIN")


def downgrade() -> None:
    op.execute("ALTER TABLE __tenant__.post_search ALTER COLUMN document SET STORAGE EXTENDED")
    op.execute(INDEX_POSTS_BEFORE)
    op.execute("DROP FUNCTION __tenant__.snippet(configuration regconfig, body text, query tsquery, pattern text)")
    op.execute("DROP FUNCTION __tenant__.search_pattern(query tsquery)")
    op.execute("DROP FUNCTION __tenant__.indexed_posts(ids uuid[], language regconfig)")
