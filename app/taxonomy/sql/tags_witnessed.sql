CREATE TRIGGER tags_witnessed AFTER INSERT OR UPDATE OR DELETE ON __tenant__.tags FOR EACH ROW
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('tags', 'id')
