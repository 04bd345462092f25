-- What a person typed, as websearch_to_tsquery reads it ("a phrase", -without, or). Its last word, where it stands alone and has three
-- letters, is also the beginning of longer ones, since people look at results while they type.
CREATE FUNCTION __tenant__.search_query(typed text) RETURNS tsquery LANGUAGE plpgsql STABLE SET search_path = '' SET client_min_messages = 'warning' AS $$
        DECLARE
          configuration regconfig := __tenant__.search_configuration();
          words tsquery := pg_catalog.websearch_to_tsquery(configuration, typed);
          last text := pg_catalog.substring(typed, '(?:^|\s)([[:alnum:]]{3,})$');
          before text;
          prefix tsquery;
        BEGIN
          IF last IS NULL OR last ~* '^or$' OR typed LIKE '%"%"%"%' OR (typed LIKE '%"%' AND typed NOT LIKE '%"%"%') THEN
            RETURN words;
          END IF;
          before := pg_catalog.left(typed, -pg_catalog.length(last));
          prefix := pg_catalog.to_tsquery('pg_catalog.simple', last || ':*');
          IF before ~* '(^|\s)or\s+$' THEN
            RETURN words || prefix;
          END IF;
          IF before ~* '(^|\s)or\s' THEN
            RETURN words;
          END IF;
          RETURN words || (pg_catalog.websearch_to_tsquery(configuration, before) && prefix);
        END $$
