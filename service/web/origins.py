"""Keeps web pages out of a service that runs without keys on the developer's own machine.

Any page in a browser can send requests to localhost, and with a rebound DNS name read the answers.
Only the browser's own headers are judged here; keys are another module's business.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address

from flask import request

from service.core.errors import Forbidden

HOST = re.compile(r"(\[::1\]|localhost|[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?", re.ASCII)


def check() -> None:
    """Raises ``Forbidden`` for a request of another machine, or of a web page.

    For services that ask nobody for a key: a page does not know one.
    """
    headers = request.environ
    # A server told to listen elsewhere by its own command line; empty for a unix socket.
    address: str = headers.get("REMOTE_ADDR", "")
    if address and not is_loopback_host(f"[{address}]" if ":" in address else address):
        raise Forbidden("without keys the service answers only to the machine it runs on")
    host: str = headers.get("HTTP_HOST", "").lower()
    if not is_loopback_host(host):
        raise Forbidden("without keys the service answers only to localhost, 127.0.0.1 and [::1]")
    origin: str | None = headers.get("HTTP_ORIGIN")
    # A browser leaves out default ports in both headers, so that equal means same origin.
    if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
        raise Forbidden("without keys the service does not answer web pages of other origins")
    if headers.get("HTTP_SEC_FETCH_SITE", "").lower() == "cross-site":
        raise Forbidden("without keys the service does not answer requests from other sites")


@lru_cache(maxsize=64)
def is_loopback_host(host: str) -> bool:
    """Whether a Host header, in lower case, names this machine without asking DNS."""
    match = HOST.fullmatch(host)
    if match is None:
        return False
    name = match[1]
    return name in ("localhost", "[::1]") or _is_loopback_address(name)


def _is_loopback_address(name: str) -> bool:
    try:
        return IPv4Address(name).is_loopback
    except ValueError:
        return False
