"""An organization's whole life as its operator sees it: made, suspended, renamed, deleted, purged.

Everything here acts as the admin and the owner role, and writes to the operators' audit in the transaction that does it.
"""

from __future__ import annotations

from tenants.lifecycle.creation import activate, amend, create
from tenants.lifecycle.entries import NeverMigrated
from tenants.lifecycle.making import Names, Provisioner, make_place

__all__ = ["Names", "NeverMigrated", "Provisioner", "activate", "amend", "create", "make_place"]
