-- Passages of a body with the words that were found. To parse all of a long one takes long: where `pattern` finds a word,
-- what stands around it is looked at first.
CREATE FUNCTION __tenant__.snippet(configuration regconfig, body text, query tsquery, pattern text) RETURNS text LANGUAGE plpgsql STABLE AS $$
        DECLARE
          options CONSTANT text := U&'StartSel=\E000, StopSel=\E001, MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=" … "';
          place integer := 0;
          start integer;
          found text;
        BEGIN
          IF pattern IS NOT NULL AND pg_catalog.length(body) > 1000 THEN
            place := pg_catalog.regexp_instr(pg_catalog.lower(body), pattern);
          END IF;
          IF place > 0 THEN
            start := greatest(place - 200, 1);
            found := pg_catalog.substr(body, start, 800);
            IF start > 1 THEN
              found := pg_catalog.substr(found, pg_catalog.strpos(found, ' ') + 1);
            END IF;
            IF start + 800 <= pg_catalog.length(body) THEN
              found := pg_catalog.regexp_replace(found, '\S+$', '');
            END IF;
            found := pg_catalog.ts_headline(configuration, found, query, options);
            IF pg_catalog.strpos(found, U&'\E000') > 0 THEN
              RETURN found;
            END IF;
          END IF;
          RETURN pg_catalog.ts_headline(configuration, body, query, options);
        END $$
