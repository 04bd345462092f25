"""Postgres 18 and Redis 6.2 for a developer's machine and for the test suite, from binaries that Python packages carry.

One `Stack` owns one data folder. It survives what happens on such machines: being started as root, a clone in a private
folder, a run that was killed, a port that somebody else took meanwhile.
"""

from ops.stack.addresses import Addresses
from ops.stack.servers import THROWN_AWAY, Stack

__all__ = ["THROWN_AWAY", "Addresses", "Stack"]
