-- Exchanges the tags' words of the posts whose tags were changed (`changed`: their pairs).
CREATE FUNCTION __tenant__.index_tagged_posts() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE __tenant__.post_search s
          SET document = pg_catalog.ts_filter(s.document, '{a,c,d}') || __tenant__.tag_words(s.post_id, s.configuration::pg_catalog.regconfig)
          WHERE s.post_id IN (SELECT c.post_id FROM changed c);
          RETURN NULL;
        END $$
