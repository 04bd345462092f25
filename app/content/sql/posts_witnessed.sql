CREATE TRIGGER posts_witnessed AFTER INSERT OR UPDATE OR DELETE ON __tenant__.posts FOR EACH ROW
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('posts', 'id')
