"""Exchange the words of a post's head alone.

Expand.
"""

from __future__ import annotations

from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"

INDEX_POST_HEAD = """\
CREATE OR REPLACE FUNCTION __tenant__.index_post_head()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
        BEGIN
          UPDATE __tenant__.post_search s
          SET document = pg_catalog.ts_filter(s.document, '{d}')
            || pg_catalog.setweight(pg_catalog.to_tsvector(s.configuration::pg_catalog.regconfig, NEW.title), 'A')
            || pg_catalog.setweight(pg_catalog.to_tsvector(s.configuration::pg_catalog.regconfig, coalesce(NEW.excerpt, '')), 'C')
            || __tenant__.tag_words(s.post_id, s.configuration::pg_catalog.regconfig)
          WHERE s.post_id = NEW.id;
          RETURN NULL;
        END $function$
"""

TAG_WORDS = """\
CREATE OR REPLACE FUNCTION __tenant__.tag_words(post uuid, configuration regconfig)
 RETURNS tsvector
 LANGUAGE plpgsql
 STABLE
AS $function$
        BEGIN
          RETURN pg_catalog.setweight(pg_catalog.to_tsvector(configuration, coalesce((
            SELECT pg_catalog.string_agg(t.name, ' . ' ORDER BY t.name)
            FROM __tenant__.post_tags x JOIN __tenant__.tags t ON t.id = x.tag_id WHERE x.post_id = post), '')), 'B');
        END $function$
"""

TAG_WORDS_BEFORE = """\
CREATE OR REPLACE FUNCTION __tenant__.tag_words(post uuid, configuration regconfig)
 RETURNS tsvector
 LANGUAGE sql
 STABLE
AS $function$
  SELECT pg_catalog.setweight(pg_catalog.to_tsvector(configuration, coalesce(pg_catalog.string_agg(t.name, ' . ' ORDER BY t.name), '')), 'B')
  FROM __tenant__.post_tags x JOIN __tenant__.tags t ON t.id = x.tag_id WHERE x.post_id = post
$function$
"""


def upgrade() -> None:
    op.execute("DROP TRIGGER posts_reindexed ON __tenant__.posts")
    op.execute(INDEX_POST_HEAD)
    op.execute(TAG_WORDS)
    op.execute(
        "CREATE TRIGGER posts_reindexed AFTER UPDATE OF content ON __tenant__.posts FOR EACH ROW WHEN ((old.content IS DISTINCT "
        "FROM new.content)) EXECUTE FUNCTION __tenant__.index_post()"
    )
    op.execute(
        "CREATE TRIGGER posts_head_reindexed AFTER UPDATE OF title, excerpt ON __tenant__.posts FOR EACH ROW WHEN (((old.title "
        "IS DISTINCT FROM new.title) OR (old.excerpt IS DISTINCT FROM new.excerpt))) EXECUTE FUNCTION __tenant__.index_post_head()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER posts_reindexed ON __tenant__.posts")
    op.execute("DROP TRIGGER posts_head_reindexed ON __tenant__.posts")
    op.execute(TAG_WORDS_BEFORE)
    op.execute(
        "CREATE TRIGGER posts_reindexed AFTER UPDATE OF title, excerpt, content ON __tenant__.posts FOR EACH ROW WHEN "
        "(((old.title IS DISTINCT FROM new.title) OR (old.excerpt IS DISTINCT FROM new.excerpt) OR (old.content IS DISTINCT FROM "
        "new.content))) EXECUTE FUNCTION __tenant__.index_post()"
    )
    op.execute("DROP FUNCTION __tenant__.index_post_head()")
