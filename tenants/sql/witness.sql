-- Notes a change that came past the application: its row before and after, and who was at work.
-- Arguments: the table's name, its key's columns, and the columns that are noted nowhere; lists separated by commas.
CREATE FUNCTION __tenant__.witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
        DECLARE
          withheld text[] := pg_catalog.string_to_array(coalesce(TG_ARGV[2], ''), ',');
          was jsonb := pg_catalog.to_jsonb(OLD);
          became jsonb := pg_catalog.to_jsonb(NEW);
        BEGIN
          INSERT INTO __tenant__.audit_log
            (table_name, row_key, operation, before, after, session_role, effective_role, at, transaction_id)
          VALUES (
            TG_ARGV[0],
            (SELECT pg_catalog.jsonb_object_agg(part, coalesce(was, became) -> part) FROM pg_catalog.unnest(pg_catalog.string_to_array(TG_ARGV[1], ',')) part
             WHERE coalesce(was, became) IS NOT NULL),
            TG_OP, was - withheld, became - withheld,
            session_user, pg_catalog.current_setting('role'), pg_catalog.clock_timestamp(),
            pg_catalog.pg_current_xact_id()::text::bigint
          );
          RETURN NULL;
        END $$
