CREATE TRIGGER users_witnessed AFTER INSERT OR UPDATE OR DELETE ON __tenant__.users FOR EACH ROW
  WHEN (coalesce(pg_catalog.current_setting('imprint.door', true), '') NOT IN ('bus', 'migration'))
  EXECUTE FUNCTION __tenant__.witness('users', 'id', 'username,name,avatar_url,bio,website,job_title,pronouns,email,new_email,email_index,phone,location,language,time_zone,person_key')
