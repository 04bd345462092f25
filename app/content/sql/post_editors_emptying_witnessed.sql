CREATE TRIGGER post_editors_emptying_witnessed AFTER TRUNCATE ON __tenant__.post_editors
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('post_editors', 'post_id,user_id')
