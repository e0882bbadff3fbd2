"""What embedded PostgreSQL and supervision both need to know about child processes.

Standard library only; it decides nothing about when something is started or stopped.
"""

import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path


def ending_with_us(how: signal.Signals) -> tuple[str, ...]:
    """What to put in front of a command, so that the child gets a signal when we are killed.

    Only Linux can do that; elsewhere it is nothing, and the next start clears up. The kernel takes
    the end of the *thread* that started the child for the death of its parent, so children are to
    be started in the main thread. A program does it, not a ``preexec_fn``: Python code between fork
    and exec may deadlock where there are threads, and Python 3.12 warns of it.
    """
    program = _setpriv()
    return (program, "--pdeathsig", how.name.removeprefix("SIG")) if program else ()


@cache
def _setpriv() -> str | None:
    found = shutil.which("setpriv", path="/usr/bin:/bin") if sys.platform == "linux" else None
    # busybox has one that cannot do it
    return found if found is not None and Path(found).resolve().name == "setpriv" else None


def wait_until(done: Callable[[], bool], seconds: float | None) -> bool:
    """Wait until it is done, at most so many seconds (None: however long it takes)."""
    end = None if seconds is None else time.monotonic() + seconds
    while not (finished := done()) and (end is None or time.monotonic() < end):
        time.sleep(0.02)
    return finished
