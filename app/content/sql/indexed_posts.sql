-- What search should read of these posts. Of very long ones the first 100,000 characters count: as far as positions in a tsvector reach.
CREATE FUNCTION __tenant__.indexed_posts(ids uuid[], language regconfig) RETURNS TABLE (post_id uuid, configuration text, document tsvector, body text)
LANGUAGE sql STABLE AS $$
  SELECT p.id, language::text,
    pg_catalog.to_tsvector(language, pg_catalog.left(t.body, 100000))
      || pg_catalog.setweight(pg_catalog.to_tsvector(language, p.title), 'A')
      || pg_catalog.setweight(pg_catalog.to_tsvector(language, coalesce(p.excerpt, '')), 'C')
      || __tenant__.tag_words(p.id, language),
    pg_catalog.left(t.body, 10000)
  FROM __tenant__.posts p
  CROSS JOIN LATERAL (SELECT __tenant__.plain_text(pg_catalog.left(p.content, 200000)) AS body OFFSET 0) t
  WHERE p.id = ANY (ids)
$$
