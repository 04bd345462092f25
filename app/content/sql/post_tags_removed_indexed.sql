CREATE TRIGGER post_tags_removed_indexed AFTER DELETE ON __tenant__.post_tags REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION __tenant__.index_tagged_posts()
