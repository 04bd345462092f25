"""The command line `imprint`.

Each command stands in a module of its own that is imported when it runs, so that `--help` answers at once. The frame says
how they end: 0 done, 1 the work failed, 2 wrong usage or configuration, 3 refused because of state.
"""

from ops.cli.frame import main

__all__ = ["main"]
