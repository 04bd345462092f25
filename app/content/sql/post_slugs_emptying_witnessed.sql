CREATE TRIGGER post_slugs_emptying_witnessed AFTER TRUNCATE ON __tenant__.post_slugs
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('post_slugs', 'slug')
