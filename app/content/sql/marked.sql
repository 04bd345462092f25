-- Text as HTML, with <mark> where ts_headline set its two private-use characters; nothing else of it is markup.
CREATE FUNCTION __tenant__.marked(found text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
    found, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;'), U&'\E000', '<mark>'), U&'\E001', '</mark>')
$$
