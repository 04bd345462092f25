-- The text search configuration of the organization's language; English where it has chosen none.
CREATE FUNCTION __tenant__.search_configuration() RETURNS regconfig LANGUAGE plpgsql STABLE AS $$
        BEGIN
          RETURN __tenant__.text_configuration(coalesce((SELECT o.settings ->> 'language' FROM __tenant__.organization o LIMIT 1), 'en'));
        END $$
