CREATE TRIGGER post_tags_indexed AFTER INSERT ON __tenant__.post_tags REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION __tenant__.index_tagged_posts()
