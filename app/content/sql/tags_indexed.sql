CREATE TRIGGER tags_indexed AFTER UPDATE OF name ON __tenant__.tags FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
  EXECUTE FUNCTION __tenant__.index_renamed_tag()
