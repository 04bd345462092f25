"""How much of a server process clients may take without sending anything: connections, and a header's size and time."""

from __future__ import annotations

import resource

from granian.http import HTTP1Settings

LARGEST_HEADER = 64 * 1024
MOST_CONNECTIONS = 16_384
# What the kernel keeps while nobody accepts; it lowers this to net.core.somaxconn by itself.
BACKLOG = 4096
# Descriptors for the database, Redis, logs, and connections that are just being closed.
OWN_DESCRIPTORS = 256


def http1(idle_seconds: int) -> HTTP1Settings:
    """Granian's limits. Hyper counts the time from the connection's start or its last answer, so that idle ones end as well."""
    return HTTP1Settings(header_read_timeout=idle_seconds * 1000, max_buffer_size=LARGEST_HEADER)


def connections() -> int:
    """How many one process holds open at once; the process's soft limit of descriptors is raised as far as it may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OWN_DESCRIPTORS
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, allowed - OWN_DESCRIPTORS)
