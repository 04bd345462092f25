CREATE UNIQUE INDEX trending_posts_post_id_key ON __tenant__.trending_posts (post_id)
