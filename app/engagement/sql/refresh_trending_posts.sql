CREATE OR REPLACE FUNCTION __tenant__.refresh_trending_posts() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY __tenant__.trending_posts;
END $$
