CREATE MATERIALIZED VIEW __tenant__.trending_posts AS
SELECT s.post_id,
  sum(
    (s.view_count + 5 * s.like_count + 10 * s.share_count)
    * power(0.5::double precision, ((pg_catalog.now() AT TIME ZONE 'UTC')::date - s.day) / 2.0::double precision)
  ) AS score
FROM __tenant__.post_stats s JOIN __tenant__.posts p ON p.id = s.post_id
WHERE p.status = 'PUBLISHED' AND s.day > (pg_catalog.now() AT TIME ZONE 'UTC')::date - 14
GROUP BY s.post_id
HAVING sum(s.view_count + s.like_count + s.share_count) > 0
ORDER BY 2 DESC, 1 DESC
LIMIT 1000
