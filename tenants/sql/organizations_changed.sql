-- Not for a revision alone: the runner announces those, many tenants at a time.
CREATE TRIGGER organizations_changed
  AFTER INSERT OR DELETE OR UPDATE OF slug, name, status, tier, schema, role, wrapped_key, other_key, quotas ON control.organizations
  FOR EACH STATEMENT EXECUTE FUNCTION control.registry_changed()
