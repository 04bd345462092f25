"""`python -m ops` is `imprint`: how its own children are started, wherever the console script lies."""

from __future__ import annotations

from ops.cli import main

raise SystemExit(main())
