"""`imprint serve` once its options are read: the same process, begun anew without the command line (record 68).

Granian forks the server's processes from it, so that each of them would keep what this one holds.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ops.observe import metrics

# Libraries that find these load them (10 MB), and do without them else. They are for terminals and for tools; the last guesses
# what a text is written in, for requests, which sends traces and reads no text. It complains on stderr when nobody guesses.
UNSEEN = ("click", "greenlet", "psutil", "pygments", "rich", "charset_normalizer")
NOBODY_GUESSES = "Unable to find acceptable character detection dependency"


def main(arguments: Sequence[str]) -> int:
    """Serves and returns the exit code, with the line for a person that the command line has for each error.

    `arguments`: as `ops.cli.serve.server` has them, each in its place.
    """
    _, _, host, _, port, _, workers, *rest = arguments
    try:
        with bare():
            _serve(host, int(port), int(workers))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary decides
        from ops.cli.boundary import ended_by  # noqa: PLC0415 - it is the command line

        return ended_by(error, debug="--debug" in rest)
    return 0


@contextmanager
def bare() -> Iterator[None]:
    """Whoever imports one of UNSEEN meanwhile is told that it is not installed."""
    held = {name: sys.modules.pop(name) for name in UNSEEN if name in sys.modules}
    # The import system raises ModuleNotFoundError where it finds None.
    sys.modules.update(dict.fromkeys(UNSEEN))  # type: ignore[arg-type]
    warnings.filterwarnings("ignore", NOBODY_GUESSES)
    try:
        yield
    finally:
        for name in UNSEEN:
            del sys.modules[name]
        sys.modules.update(held)


def _serve(host: str, port: int, workers: int) -> None:
    from ops.settings import Settings  # noqa: PLC0415 - what it brings is not to find them

    settings = Settings.read(os.environ)
    metrics.share(os.environ)
    try:
        from ops.serve import Listening, run  # noqa: PLC0415 - as above

        run(settings, Listening(host, port, workers))
    finally:
        metrics.forget(os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
