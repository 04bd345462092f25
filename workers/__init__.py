"""What happens after a commit: events reach their reactions, timers fire, mails leave.

Postgres decides everything (who must hear of what, how often it was tried, when next); Dramatiq carries thin messages
that may be lost, doubled or late without harm.
"""
