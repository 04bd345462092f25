CREATE TRIGGER tag_synonyms_emptying_witnessed AFTER TRUNCATE ON __tenant__.tag_synonyms
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('tag_synonyms', 'slug')
