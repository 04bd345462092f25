"""When a failed delivery is tried again, said once for all statements that decide it."""

from __future__ import annotations

# Seconds: first, 4·first, 16·first … at most `longest`, each stretched by up to a quarter so that failures do not march in step.
NEXT_ATTEMPT = "now() + make_interval(secs => least(:longest, :first * power(4, attempts - 1)) * (1 + random() / 4))"
