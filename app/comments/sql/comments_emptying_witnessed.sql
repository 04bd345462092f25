CREATE TRIGGER comments_emptying_witnessed AFTER TRUNCATE ON __tenant__.comments
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('comments', 'id')
