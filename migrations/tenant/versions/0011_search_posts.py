"""Search posts.

Expand.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"

INDEX_POST = """\
CREATE OR REPLACE FUNCTION __tenant__.index_post()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
        BEGIN
          PERFORM __tenant__.index_posts(ARRAY[NEW.id]);
          RETURN NULL;
        END $function$
"""

INDEX_POSTS = """\
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

INDEX_RENAMED_TAG = """\
CREATE OR REPLACE FUNCTION __tenant__.index_renamed_tag()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
        BEGIN
          UPDATE __tenant__.post_search s
          SET document = pg_catalog.ts_filter(s.document, '{a,c,d}') || __tenant__.tag_words(s.post_id, s.configuration::pg_catalog.regconfig)
          WHERE s.post_id IN (SELECT x.post_id FROM __tenant__.post_tags x WHERE x.tag_id = NEW.id);
          RETURN NULL;
        END $function$
"""

INDEX_TAGGED_POSTS = """\
CREATE OR REPLACE FUNCTION __tenant__.index_tagged_posts()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
        BEGIN
          UPDATE __tenant__.post_search s
          SET document = pg_catalog.ts_filter(s.document, '{a,c,d}') || __tenant__.tag_words(s.post_id, s.configuration::pg_catalog.regconfig)
          WHERE s.post_id IN (SELECT c.post_id FROM changed c);
          RETURN NULL;
        END $function$
"""

MARKED = """\
CREATE OR REPLACE FUNCTION __tenant__.marked(found text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
    found, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;'), U&'\\E000', '<mark>'), U&'\\E001', '</mark>')
$function$
"""

PLAIN_TEXT = """\
CREATE OR REPLACE FUNCTION __tenant__.plain_text(markdown text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.translate(pg_catalog.regexp_replace(pg_catalog.regexp_replace(
    pg_catalog.translate(markdown, U&'\\E000\\E001', ''),
    '^[ \\t]*(?:(?:#{1,6}|[>*+-]|\\d+[.)])[ \\t]+|(?:```|~~~).*$|[|:=\\- \\t]+$)', '', 'gn'),
    '!?\\[([^][]*)\\]\\((?:[^()]|\\([^()]*\\))*\\)', '\\1', 'g'),
    E'*`~|\\n\\t', '      '), '  +|\\m_+|_+\\M', ' ', 'g'))
$function$
"""

SEARCH_CONFIGURATION = """\
CREATE OR REPLACE FUNCTION __tenant__.search_configuration()
 RETURNS regconfig
 LANGUAGE plpgsql
 STABLE
AS $function$
        BEGIN
          RETURN __tenant__.text_configuration(coalesce((SELECT o.settings ->> 'language' FROM __tenant__.organization o LIMIT 1), 'en'));
        END $function$
"""

SEARCH_QUERY = """\
CREATE OR REPLACE FUNCTION __tenant__.search_query(typed text)
 RETURNS tsquery
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET client_min_messages TO 'warning'
AS $function$
        DECLARE
          configuration regconfig := __tenant__.search_configuration();
          words tsquery := pg_catalog.websearch_to_tsquery(configuration, typed);
          last text := pg_catalog.substring(typed, '(?:^|\\s)([[:alnum:]]{3,})$');
          before text;
          prefix tsquery;
        BEGIN
          IF last IS NULL OR last ~* '^or$' OR typed LIKE '%"%"%"%' OR (typed LIKE '%"%' AND typed NOT LIKE '%"%"%') THEN
            RETURN words;
          END IF;
          before := pg_catalog.left(typed, -pg_catalog.length(last));
          prefix := pg_catalog.to_tsquery('pg_catalog.simple', last || ':*');
          IF before ~* '(^|\\s)or\\s+$' THEN
            RETURN words || prefix;
          END IF;
          IF before ~* '(^|\\s)or\\s' THEN
            RETURN words;
          END IF;
          RETURN words || (pg_catalog.websearch_to_tsquery(configuration, before) && prefix);
        END $function$
"""

TAG_WORDS = """\
CREATE OR REPLACE FUNCTION __tenant__.tag_words(post uuid, configuration regconfig)
 RETURNS tsvector
 LANGUAGE sql
 STABLE
AS $function$
  SELECT pg_catalog.setweight(pg_catalog.to_tsvector(configuration, coalesce(pg_catalog.string_agg(t.name, ' . ' ORDER BY t.name), '')), 'B')
  FROM __tenant__.post_tags x JOIN __tenant__.tags t ON t.id = x.tag_id WHERE x.post_id = post
$function$
"""

TEXT_CONFIGURATION = """\
CREATE OR REPLACE FUNCTION __tenant__.text_configuration(language text)
 RETURNS regconfig
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT CASE pg_catalog.split_part(pg_catalog.lower(language), '-', 1)
    WHEN 'ar' THEN 'pg_catalog.arabic'::pg_catalog.regconfig
    WHEN 'hy' THEN 'pg_catalog.armenian'::pg_catalog.regconfig
    WHEN 'eu' THEN 'pg_catalog.basque'::pg_catalog.regconfig
    WHEN 'ca' THEN 'pg_catalog.catalan'::pg_catalog.regconfig
    WHEN 'da' THEN 'pg_catalog.danish'::pg_catalog.regconfig
    WHEN 'nl' THEN 'pg_catalog.dutch'::pg_catalog.regconfig
    WHEN 'en' THEN 'pg_catalog.english'::pg_catalog.regconfig
    WHEN 'fi' THEN 'pg_catalog.finnish'::pg_catalog.regconfig
    WHEN 'fr' THEN 'pg_catalog.french'::pg_catalog.regconfig
    WHEN 'de' THEN 'pg_catalog.german'::pg_catalog.regconfig
    WHEN 'el' THEN 'pg_catalog.greek'::pg_catalog.regconfig
    WHEN 'hi' THEN 'pg_catalog.hindi'::pg_catalog.regconfig
    WHEN 'hu' THEN 'pg_catalog.hungarian'::pg_catalog.regconfig
    WHEN 'id' THEN 'pg_catalog.indonesian'::pg_catalog.regconfig
    WHEN 'ga' THEN 'pg_catalog.irish'::pg_catalog.regconfig
    WHEN 'it' THEN 'pg_catalog.italian'::pg_catalog.regconfig
    WHEN 'lt' THEN 'pg_catalog.lithuanian'::pg_catalog.regconfig
    WHEN 'ne' THEN 'pg_catalog.nepali'::pg_catalog.regconfig
    WHEN 'no' THEN 'pg_catalog.norwegian'::pg_catalog.regconfig
    WHEN 'nb' THEN 'pg_catalog.norwegian'::pg_catalog.regconfig
    WHEN 'nn' THEN 'pg_catalog.norwegian'::pg_catalog.regconfig
    WHEN 'pt' THEN 'pg_catalog.portuguese'::pg_catalog.regconfig
    WHEN 'ro' THEN 'pg_catalog.romanian'::pg_catalog.regconfig
    WHEN 'ru' THEN 'pg_catalog.russian'::pg_catalog.regconfig
    WHEN 'sr' THEN 'pg_catalog.serbian'::pg_catalog.regconfig
    WHEN 'es' THEN 'pg_catalog.spanish'::pg_catalog.regconfig
    WHEN 'sv' THEN 'pg_catalog.swedish'::pg_catalog.regconfig
    WHEN 'ta' THEN 'pg_catalog.tamil'::pg_catalog.regconfig
    WHEN 'tr' THEN 'pg_catalog.turkish'::pg_catalog.regconfig
    WHEN 'yi' THEN 'pg_catalog.yiddish'::pg_catalog.regconfig
    ELSE 'pg_catalog.simple'::pg_catalog.regconfig
  END
$function$
"""


def upgrade() -> None:
    op.create_table(
        "post_search",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=False, comment="of text search, by the organization's language when the post was indexed"),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False, comment="weights: A title, B tags, C excerpt, D body"),
        sa.Column("body", sa.Text(), nullable=False, comment="the beginning of the content without Markdown, for snippets"),
        sa.ForeignKeyConstraint(["post_id"], ["__tenant__.posts.id"], name=op.f("post_search_post_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name=op.f("post_search_pkey")),
        schema="__tenant__",
        comment="What full-text search reads of each post; kept by triggers on posts, their tags and the tags' names.",
    )
    op.create_index("post_search_document_idx", "post_search", ["document"], unique=False, schema="__tenant__", postgresql_using="gin")
    op.execute(INDEX_POST)
    op.execute(INDEX_POSTS)
    op.execute(INDEX_RENAMED_TAG)
    op.execute(INDEX_TAGGED_POSTS)
    op.execute(MARKED)
    op.execute(PLAIN_TEXT)
    op.execute(SEARCH_CONFIGURATION)
    op.execute(SEARCH_QUERY)
    op.execute(TAG_WORDS)
    op.execute(TEXT_CONFIGURATION)
    op.execute("CREATE TRIGGER posts_indexed AFTER INSERT ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.index_post()")
    op.execute(
        "CREATE TRIGGER posts_reindexed AFTER UPDATE OF title, excerpt, content ON __tenant__.posts FOR EACH ROW WHEN "
        "(((old.title IS DISTINCT FROM new.title) OR (old.excerpt IS DISTINCT FROM new.excerpt) OR (old.content IS DISTINCT FROM "
        "new.content))) EXECUTE FUNCTION __tenant__.index_post()"
    )
    op.execute(
        "CREATE TRIGGER tags_indexed AFTER UPDATE OF name ON __tenant__.tags FOR EACH ROW WHEN ((old.name IS DISTINCT FROM "
        "new.name)) EXECUTE FUNCTION __tenant__.index_renamed_tag()"
    )
    op.execute(
        "CREATE TRIGGER post_tags_indexed AFTER INSERT ON __tenant__.post_tags REFERENCING NEW TABLE AS changed FOR EACH "
        "STATEMENT EXECUTE FUNCTION __tenant__.index_tagged_posts()"
    )
    op.execute(
        "CREATE TRIGGER post_tags_removed_indexed AFTER DELETE ON __tenant__.post_tags REFERENCING OLD TABLE AS changed FOR EACH "
        "STATEMENT EXECUTE FUNCTION __tenant__.index_tagged_posts()"
    )
    op.execute("SELECT __tenant__.index_posts(ARRAY(SELECT p.id FROM __tenant__.posts p))")


def downgrade() -> None:
    op.execute("DROP TRIGGER tags_indexed ON __tenant__.tags")
    op.execute("DROP TRIGGER posts_reindexed ON __tenant__.posts")
    op.execute("DROP TRIGGER posts_indexed ON __tenant__.posts")
    op.execute("DROP TRIGGER post_tags_removed_indexed ON __tenant__.post_tags")
    op.execute("DROP TRIGGER post_tags_indexed ON __tenant__.post_tags")
    op.drop_index("post_search_document_idx", table_name="post_search", schema="__tenant__", postgresql_using="gin")
    op.drop_table("post_search", schema="__tenant__")
    op.execute("DROP FUNCTION __tenant__.text_configuration(language text)")
    op.execute("DROP FUNCTION __tenant__.tag_words(post uuid, configuration regconfig)")
    op.execute("DROP FUNCTION __tenant__.search_query(typed text)")
    op.execute("DROP FUNCTION __tenant__.search_configuration()")
    op.execute("DROP FUNCTION __tenant__.plain_text(markdown text)")
    op.execute("DROP FUNCTION __tenant__.marked(found text)")
    op.execute("DROP FUNCTION __tenant__.index_tagged_posts()")
    op.execute("DROP FUNCTION __tenant__.index_renamed_tag()")
    op.execute("DROP FUNCTION __tenant__.index_posts(ids uuid[])")
    op.execute("DROP FUNCTION __tenant__.index_post()")
