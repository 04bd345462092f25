-- Exchanges the words of a post's title and excerpt, whose text alone stays: reading a long one anew takes longer than all the rest of an edit.
CREATE FUNCTION __tenant__.index_post_head() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE __tenant__.post_search s
          SET document = pg_catalog.ts_filter(s.document, '{d}')
            || pg_catalog.setweight(pg_catalog.to_tsvector(s.configuration::pg_catalog.regconfig, NEW.title), 'A')
            || pg_catalog.setweight(pg_catalog.to_tsvector(s.configuration::pg_catalog.regconfig, coalesce(NEW.excerpt, '')), 'C')
            || __tenant__.tag_words(s.post_id, s.configuration::pg_catalog.regconfig)
          WHERE s.post_id = NEW.id;
          RETURN NULL;
        END $$
