CREATE TRIGGER posts_reindexed AFTER UPDATE OF title, excerpt, content ON __tenant__.posts FOR EACH ROW
  WHEN (OLD.title IS DISTINCT FROM NEW.title OR OLD.excerpt IS DISTINCT FROM NEW.excerpt OR OLD.content IS DISTINCT FROM NEW.content)
  EXECUTE FUNCTION __tenant__.index_post()
