"""What ends a delivery before its attempts are used up."""

from __future__ import annotations


class Hopeless(Exception):
    """Trying again cannot help; the delivery is quarantined at once. The message is shown to operators: no personal data."""
