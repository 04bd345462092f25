CREATE TRIGGER domain_events_emptying_witnessed AFTER TRUNCATE ON __tenant__.domain_events
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('domain_events', 'id')
