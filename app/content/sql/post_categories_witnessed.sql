CREATE TRIGGER post_categories_witnessed AFTER INSERT OR UPDATE OR DELETE ON __tenant__.post_categories FOR EACH ROW
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('post_categories', 'post_id,category_id')
