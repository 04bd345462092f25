-- A slug is never given to another organization.
CREATE FUNCTION control.slug_is_free() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
        BEGIN
          IF EXISTS (SELECT FROM control.former_slugs f WHERE f.slug = NEW.slug AND f.organization_id <> NEW.id) THEN
            RAISE unique_violation USING CONSTRAINT = 'former_slugs_pkey', MESSAGE = format('the slug %s was another organization''s', NEW.slug);
          END IF;
          RETURN NULL;
        END $$
