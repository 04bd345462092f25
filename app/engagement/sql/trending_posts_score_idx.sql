CREATE INDEX trending_posts_score_idx ON __tenant__.trending_posts (score DESC, post_id DESC)
