"""What search keeps of posts and which former slugs lead to them, held against the posts and their events."""

# ruff: noqa: S608 - every name in these texts is our own

from __future__ import annotations

from app.content.projections import LEFT_SLUGS
from app.shared.recounts import RECOUNTS, Recount
from tenants.statements import statement

FOLLOWS_LANGUAGE = "content.index_in_language"


def _ids(table: str) -> str:
    return f"""
    SELECT id FROM (
      (SELECT id FROM __tenant__.posts WHERE id > :after ORDER BY id LIMIT :batch)
      UNION (SELECT DISTINCT post_id FROM __tenant__.{table} WHERE post_id > :after ORDER BY post_id LIMIT :batch)
    ) one ORDER BY id LIMIT :batch
    """


# Where another post left the slug later, it leads to that one: the row of whoever left it last is looked at with them.
SLUGS = statement(
    f"""
    WITH left_slugs AS ({LEFT_SLUGS.format(which="e.aggregate_id = ANY(CAST(:ids AS uuid[])) AND")}),
    there AS (SELECT s.* FROM __tenant__.post_slugs s WHERE s.post_id = ANY(CAST(:ids AS uuid[])))
    SELECT coalesce(l.post_id, t.post_id) AS id, 'former_slugs.' || coalesce(l.slug, t.slug) AS field,
           CASE WHEN t.slug IS NOT NULL AND l.slug IS NOT NULL THEN t.left_at::text
                WHEN t.slug IS NOT NULL THEN 'leads here'
                WHEN other.slug IS NOT NULL THEN 'leads to ' || other.post_id ELSE 'missing' END AS row,
           CASE WHEN t.slug IS NOT NULL AND l.slug IS NOT NULL THEN l.left_at::text
                WHEN l.slug IS NOT NULL THEN 'leads here' ELSE 'missing' END AS recount
    FROM left_slugs l FULL JOIN there t ON t.post_id = l.post_id AND t.slug = l.slug
    LEFT JOIN __tenant__.post_slugs other ON other.slug = l.slug AND t.slug IS NULL
    WHERE t.left_at IS DISTINCT FROM l.left_at
      AND NOT EXISTS (SELECT FROM ({LEFT_SLUGS.format(which="e.aggregate_id = other.post_id AND")}) later
                      WHERE later.slug = l.slug AND later.number > l.number)
    ORDER BY 1, 2
    """
)

_WORDS = (
    "(SELECT string_agg(word, ' ' ORDER BY word) FROM"
    " (SELECT unnest(tsvector_to_array({one})) EXCEPT SELECT unnest(tsvector_to_array({other})) LIMIT 10) w (word))"
)
# Until the reaction has followed the organization to another language, each row is held against what its own would give.
SEARCHED = statement(
    f"""
    WITH language AS (
      SELECT __tenant__.search_configuration() AS now, EXISTS (
        SELECT FROM (SELECT id, occurred_at FROM __tenant__.domain_events WHERE event_type = 'OrganizationConfigured'
                     ORDER BY occurred_at DESC, id DESC LIMIT 1) e
        WHERE e.occurred_at > now() - interval '1 hour'
          AND NOT EXISTS (SELECT FROM __tenant__.handled h WHERE h.event_id = e.id AND h.handler = '{FOLLOWS_LANGUAGE}')
      ) AS changing
    )
    SELECT w.id, 'search' || pair.field AS field, pair.has AS row, pair.should AS recount
    FROM language, unnest(CAST(:ids AS uuid[])) w (id)
    LEFT JOIN __tenant__.post_search s ON s.post_id = w.id
    LEFT JOIN LATERAL __tenant__.indexed_posts(ARRAY[w.id], CASE WHEN language.changing THEN
      coalesce((SELECT c.oid::regconfig FROM pg_catalog.pg_ts_config c WHERE c.cfgname = s.configuration LIMIT 1), language.now)
      ELSE language.now END) i ON true,
    LATERAL (
      SELECT '' AS field, CASE WHEN s.post_id IS NULL THEN 'missing' ELSE 'present' END AS has,
             CASE WHEN i.post_id IS NULL THEN 'missing' ELSE 'present' END AS should
      WHERE (s.post_id IS NULL) <> (i.post_id IS NULL)
      UNION ALL SELECT '.configuration', s.configuration, i.configuration WHERE s.configuration <> i.configuration
      UNION ALL SELECT '.document', coalesce({_WORDS.format(one="s.document", other="i.document")}, 'the same words elsewhere'),
                       coalesce({_WORDS.format(one="i.document", other="s.document")}, 'the same words elsewhere') WHERE s.document <> i.document
      UNION ALL SELECT '.body', left(s.body, 100), left(i.body, 100) WHERE s.body <> i.body
    ) pair
    ORDER BY 1, 2
    """
)

RECOUNTS += [
    Recount("Post", statement(_ids("post_slugs")), SLUGS),
    Recount("Post", statement(_ids("post_search")), SEARCHED, batch=100),  # each one's text is read anew
]
