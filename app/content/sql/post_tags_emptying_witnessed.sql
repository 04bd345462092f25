CREATE TRIGGER post_tags_emptying_witnessed AFTER TRUNCATE ON __tenant__.post_tags
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('post_tags', 'post_id,tag_id')
