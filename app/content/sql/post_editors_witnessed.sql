CREATE TRIGGER post_editors_witnessed AFTER INSERT OR UPDATE OR DELETE ON __tenant__.post_editors FOR EACH ROW
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('post_editors', 'post_id,user_id')
