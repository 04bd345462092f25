"""What lending connections counts, for Prometheus. Only what is rare is counted: nothing here costs a request anything."""

from __future__ import annotations

from prometheus_client import Counter

MET = Counter("database_tenants_met_total", "Times a backend was lent to a tenant whose tables it had not met before.")
OPENED = Counter("database_connections_opened_total", "Connections opened.")
RETIRED = Counter("database_connections_retired_total", "Connections closed because their backend had met enough or was old, by reason.", ["reason"])
REFUSED = Counter("database_waits_refused_total", "Requests refused because no connection came free in time.")
PREPARED = Counter("database_statements_prepared_total", "Statements that a backend did not know yet: misses of the statement caches.")
FORGOTTEN = Counter("database_statements_forgotten_total", "Prepared statements dropped because their tenant's revision had changed.")
REPEATED = Counter("database_units_repeated_total", "Units of work done a second time because a schema changed under their prepared statements.")
