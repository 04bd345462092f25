CREATE TRIGGER former_slugs_changed
  AFTER INSERT OR UPDATE OR DELETE ON control.former_slugs FOR EACH STATEMENT EXECUTE FUNCTION control.registry_changed()
