"""What is counted here; exposing it is up to whoever runs the process."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter("imprint_deliveries_total", "Deliveries by handler and how they ended", ["handler", "outcome"])
LAG = Histogram(
    "imprint_delivery_lag_seconds",
    "From an event's commit to the start of its handler",
    ["handler"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)
DURATION = Histogram("imprint_delivery_duration_seconds", "How long handlers run", ["handler"])
STOCK = Gauge("imprint_stock_places", "Schemas made beforehand, ready for new organizations", multiprocess_mode="mostrecent")
BROKEN_HISTORIES = Counter("imprint_broken_histories_total", "Histories that were to be anchored and do not hold their last anchor")
MAILS = Counter("imprint_mails_total", "Mails by how they ended", ["outcome"])
