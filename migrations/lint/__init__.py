"""What is unsafe for tenants that are in use, found in the SQL that revisions come to, before anybody runs them.

Rules look at tokens, not at meaning: a function's body is a string to them, and what a DO block does cannot be seen, which
is a finding of its own.
"""

from migrations.lint.catalogue import RULES, Rule
from migrations.lint.checking import Finding, check

__all__ = ["RULES", "Finding", "Rule", "check"]
