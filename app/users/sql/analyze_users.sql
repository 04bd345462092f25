-- What Postgres notes of the contents of users (pg_statistic holds names, which those who own the table can read) is noted anew.
CREATE FUNCTION __tenant__.analyze_users() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
        BEGIN
          ANALYZE __tenant__.users;
        END $$
