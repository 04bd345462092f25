CREATE TRIGGER posts_reindexed AFTER UPDATE OF content ON __tenant__.posts FOR EACH ROW WHEN (OLD.content IS DISTINCT FROM NEW.content)
  EXECUTE FUNCTION __tenant__.index_post()
