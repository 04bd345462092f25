CREATE TRIGGER domain_events_witnessed AFTER INSERT OR UPDATE OR DELETE ON __tenant__.domain_events FOR EACH ROW
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('domain_events', 'id', 'event_data,metadata')
