"""Second factors: time-based codes of an authenticator, and codes on paper for when it is lost."""
