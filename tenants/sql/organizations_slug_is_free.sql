CREATE TRIGGER organizations_slug_is_free
  AFTER INSERT OR UPDATE OF slug ON control.organizations FOR EACH ROW EXECUTE FUNCTION control.slug_is_free()
