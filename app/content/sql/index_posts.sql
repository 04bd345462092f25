-- Writes what search reads of these posts, which whoever calls this holds.
CREATE FUNCTION __tenant__.index_posts(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO __tenant__.post_search (post_id, configuration, document, body)
          SELECT i.post_id, i.configuration, i.document, i.body FROM __tenant__.indexed_posts(ids, __tenant__.search_configuration()) i
          ON CONFLICT (post_id) DO UPDATE SET configuration = excluded.configuration, document = excluded.document, body = excluded.body;
        END $$
