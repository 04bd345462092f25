CREATE TRIGGER organization_emptying_witnessed AFTER TRUNCATE ON __tenant__.organization
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('organization', 'id')
