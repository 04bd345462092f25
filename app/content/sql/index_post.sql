-- Keeps a post's row in post_search in the transaction that writes the post.
CREATE FUNCTION __tenant__.index_post() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM __tenant__.index_posts(ARRAY[NEW.id]);
          RETURN NULL;
        END $$
