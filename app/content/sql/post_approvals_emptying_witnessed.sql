CREATE TRIGGER post_approvals_emptying_witnessed AFTER TRUNCATE ON __tenant__.post_approvals
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('post_approvals', 'id')
