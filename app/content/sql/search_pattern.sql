-- Where one of the words looked for begins, as a regular expression; none where a text must have several of them, or must not have one.
CREATE FUNCTION __tenant__.search_pattern(query tsquery) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN query::text !~ '[&!<]' THEN '\m(?:' || pg_catalog.string_agg(DISTINCT found.word[1], '|') || ')' END
  FROM pg_catalog.regexp_matches(query::text, '''([[:alnum:]]+)''', 'g') AS found (word)
$$
