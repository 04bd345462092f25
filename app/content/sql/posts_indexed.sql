CREATE TRIGGER posts_indexed AFTER INSERT ON __tenant__.posts FOR EACH ROW EXECUTE FUNCTION __tenant__.index_post()
