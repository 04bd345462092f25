-- A tag's new name reaches every post that carries it.
CREATE FUNCTION __tenant__.index_renamed_tag() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE __tenant__.post_search s
          SET document = pg_catalog.ts_filter(s.document, '{a,c,d}') || __tenant__.tag_words(s.post_id, s.configuration::pg_catalog.regconfig)
          WHERE s.post_id IN (SELECT x.post_id FROM __tenant__.post_tags x WHERE x.tag_id = NEW.id);
          RETURN NULL;
        END $$
