CREATE TRIGGER categories_emptying_witnessed AFTER TRUNCATE ON __tenant__.categories
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('categories', 'id')
