CREATE TRIGGER posts_head_reindexed AFTER UPDATE OF title, excerpt ON __tenant__.posts FOR EACH ROW
  WHEN (OLD.title IS DISTINCT FROM NEW.title OR OLD.excerpt IS DISTINCT FROM NEW.excerpt)
  EXECUTE FUNCTION __tenant__.index_post_head()
