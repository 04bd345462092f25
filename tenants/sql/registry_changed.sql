-- Every process polls this number to learn that what it remembers of organizations and domains is old.
CREATE FUNCTION control.registry_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
        BEGIN
          UPDATE control.installation SET registry_version = registry_version + 1;
          RETURN NULL;
        END $$
