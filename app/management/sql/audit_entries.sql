-- What happened, what came past the application, and how signing in went, as one list; read with the rights of whoever reads.
-- Each part has an index on time and id, so that a page of the newest costs a page.
CREATE VIEW __tenant__.audit_entries WITH (security_invoker = true) AS
SELECT e.id, e.occurred_at AS at, e.user_id AS actor_id, e.event_type AS action, e.aggregate_type, e.aggregate_id, e.correlation_id,
       e.event_data AS changes, false AS bypassed, NULL::text AS session_role, NULL::text AS effective_role
FROM __tenant__.domain_events e
UNION ALL
SELECT lpad(to_hex(l.id), 32, '0')::uuid, l.at, NULL::uuid, l.operation, l.table_name,
       CASE WHEN l.row_key ->> 'id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (l.row_key ->> 'id')::uuid END, NULL::uuid,
       jsonb_build_object('key', l.row_key, 'before', l.before, 'after', l.after), true, l.session_role, l.effective_role
FROM __tenant__.audit_log l
UNION ALL
SELECT s.id, s.at, s.user_id, s.action, 'SignIn', s.connection_id, s.correlation_id,
       s.details || jsonb_build_object('trace', s.trace, 'module', s.module), false, NULL::text, NULL::text
FROM __tenant__.sign_in_events s
