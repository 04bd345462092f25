-- The text search configuration of a language (BCP 47). What Postgres has no stemmer for is searched word by word, as written.
CREATE FUNCTION __tenant__.text_configuration(language text) RETURNS regconfig LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE pg_catalog.split_part(pg_catalog.lower(language), '-', 1)
    WHEN 'ar' THEN 'pg_catalog.arabic'::pg_catalog.regconfig
    WHEN 'hy' THEN 'pg_catalog.armenian'::pg_catalog.regconfig
    WHEN 'eu' THEN 'pg_catalog.basque'::pg_catalog.regconfig
    WHEN 'ca' THEN 'pg_catalog.catalan'::pg_catalog.regconfig
    WHEN 'da' THEN 'pg_catalog.danish'::pg_catalog.regconfig
    WHEN 'nl' THEN 'pg_catalog.dutch'::pg_catalog.regconfig
    WHEN 'en' THEN 'pg_catalog.english'::pg_catalog.regconfig
    WHEN 'fi' THEN 'pg_catalog.finnish'::pg_catalog.regconfig
    WHEN 'fr' THEN 'pg_catalog.french'::pg_catalog.regconfig
    WHEN 'de' THEN 'pg_catalog.german'::pg_catalog.regconfig
    WHEN 'el' THEN 'pg_catalog.greek'::pg_catalog.regconfig
    WHEN 'hi' THEN 'pg_catalog.hindi'::pg_catalog.regconfig
    WHEN 'hu' THEN 'pg_catalog.hungarian'::pg_catalog.regconfig
    WHEN 'id' THEN 'pg_catalog.indonesian'::pg_catalog.regconfig
    WHEN 'ga' THEN 'pg_catalog.irish'::pg_catalog.regconfig
    WHEN 'it' THEN 'pg_catalog.italian'::pg_catalog.regconfig
    WHEN 'lt' THEN 'pg_catalog.lithuanian'::pg_catalog.regconfig
    WHEN 'ne' THEN 'pg_catalog.nepali'::pg_catalog.regconfig
    WHEN 'no' THEN 'pg_catalog.norwegian'::pg_catalog.regconfig
    WHEN 'nb' THEN 'pg_catalog.norwegian'::pg_catalog.regconfig
    WHEN 'nn' THEN 'pg_catalog.norwegian'::pg_catalog.regconfig
    WHEN 'pt' THEN 'pg_catalog.portuguese'::pg_catalog.regconfig
    WHEN 'ro' THEN 'pg_catalog.romanian'::pg_catalog.regconfig
    WHEN 'ru' THEN 'pg_catalog.russian'::pg_catalog.regconfig
    WHEN 'sr' THEN 'pg_catalog.serbian'::pg_catalog.regconfig
    WHEN 'es' THEN 'pg_catalog.spanish'::pg_catalog.regconfig
    WHEN 'sv' THEN 'pg_catalog.swedish'::pg_catalog.regconfig
    WHEN 'ta' THEN 'pg_catalog.tamil'::pg_catalog.regconfig
    WHEN 'tr' THEN 'pg_catalog.turkish'::pg_catalog.regconfig
    WHEN 'yi' THEN 'pg_catalog.yiddish'::pg_catalog.regconfig
    ELSE 'pg_catalog.simple'::pg_catalog.regconfig
  END
$$
