-- What a reader sees of Markdown, near enough for words and snippets. The two private-use characters that mark matches are taken out.
CREATE FUNCTION __tenant__.plain_text(markdown text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.translate(pg_catalog.regexp_replace(pg_catalog.regexp_replace(
    pg_catalog.translate(markdown, U&'\E000\E001', ''),
    '^[ \t]*(?:(?:#{1,6}|[>*+-]|\d+[.)])[ \t]+|(?:```|~~~).*$|[|:=\- \t]+$)', '', 'gn'),
    '!?\[([^][]*)\]\((?:[^()]|\([^()]*\))*\)', '\1', 'g'),
    E'*`~|\n\t', '      '), '  +|\m_+|_+\M', ' ', 'g'))
$$
