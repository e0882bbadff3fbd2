"""The server of the demo: the one that answers, or one that runs as long as the demo does.

Only a server that was started here is stopped here, by its process id.
"""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

HOME = Path(__file__).resolve().parent.parent.parent
GET_READY = 60.0
STOP = 15.0


class ServerError(Exception):
    """No server can be used; the message is one line."""


@contextlib.contextmanager
def running(url: str, command: list[str] | None) -> Iterator[None]:
    """A server at ``url``: started with ``command`` if none answers, and stopped at the end."""
    if is_ready(url):
        yield
        return
    parts = urlsplit(url)
    if not command or parts.hostname not in ("127.0.0.1", "localhost"):
        raise ServerError(f"no server answers at {url}: start one with `make serve`, or give --url")
    arguments = [*command, "--port", str(parts.port or 80)]
    # its greeting would come in the middle of our own lines
    with subprocess.Popen(arguments, cwd=HOME, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(url, process)
            print(f"Started a server at {url}, for as long as this takes.\n", flush=True)
            yield
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP)


def is_ready(url: str) -> bool:
    """Whether a server is there and ready.

    Raises:
        ServerError: for an address that is none, or a server that is not ready or another one.
    """
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        raise ServerError(f"{url}/readyz answers {error.code}: not a server to use") from error
    except (ValueError, http.client.HTTPException) as error:
        raise ServerError(f"{url} is not the address of a server: {error}") from error
    except OSError:
        return False


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + GET_READY
    while not is_ready(url):
        if process.poll() is not None:
            raise ServerError(f"the server has ended with exit code {process.returncode}")
        if time.monotonic() > end:
            raise ServerError(f"the server is not ready after {GET_READY:.0f} s")
        time.sleep(0.1)
