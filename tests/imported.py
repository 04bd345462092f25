"""What commands import, once for all of them."""

from __future__ import annotations

import importlib

from migrations import drift, rendering, runner, status
from ops import doctor, settings
from ops.commands import COMMANDS
from ops.organizations import exporting, founding

for module, _ in COMMANDS.values():
    importlib.import_module(module)

__all__ = ["doctor", "drift", "exporting", "founding", "rendering", "runner", "settings", "status"]
