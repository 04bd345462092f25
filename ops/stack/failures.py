"""What can go wrong with a stack that is nobody's configuration."""

from __future__ import annotations

from tenants.errors import Refusal


class StackFailed(Refusal):
    """A server did not start. The message has its last words and says where the rest is."""

    code = "STACK_FAILED"
