CREATE TRIGGER users_emptying_witnessed AFTER TRUNCATE ON __tenant__.users
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('users', 'id')
