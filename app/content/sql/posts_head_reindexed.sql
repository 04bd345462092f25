CREATE TRIGGER posts_head_reindexed AFTER UPDATE OF title, excerpt ON __tenant__.posts FOR EACH ROW
  WHEN ((OLD.title IS DISTINCT FROM NEW.title OR OLD.excerpt IS DISTINCT FROM NEW.excerpt) AND OLD.content IS NOT DISTINCT FROM NEW.content)
  EXECUTE FUNCTION __tenant__.index_post_head()
