CREATE TRIGGER post_categories_emptying_witnessed AFTER TRUNCATE ON __tenant__.post_categories
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('post_categories', 'post_id,category_id')
