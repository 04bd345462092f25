CREATE TRIGGER domains_changed AFTER INSERT OR UPDATE OR DELETE ON control.domains FOR EACH STATEMENT EXECUTE FUNCTION control.registry_changed()
