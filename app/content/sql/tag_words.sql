-- The names of a post's tags, as its document has them: last, so that they can be exchanged without moving the others.
CREATE FUNCTION __tenant__.tag_words(post uuid, configuration regconfig) RETURNS tsvector LANGUAGE plpgsql STABLE AS $$
        BEGIN
          RETURN pg_catalog.setweight(pg_catalog.to_tsvector(configuration, coalesce((
            SELECT pg_catalog.string_agg(t.name, ' . ' ORDER BY t.name)
            FROM __tenant__.post_tags x JOIN __tenant__.tags t ON t.id = x.tag_id WHERE x.post_id = post), '')), 'B');
        END $$
