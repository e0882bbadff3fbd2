"""Runs all checks with the official client, in its own environment; prints the outcome as JSON.

The environment names the server (TURBOPUFFER_API_BASE_URL) and the key (TURBOPUFFER_API_KEY).
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from types import ModuleType

import official_client_namespaces
import official_client_reading
import official_client_writing
import turbopuffer as tpuf

MODULES = (official_client_writing, official_client_reading, official_client_namespaces)
VERSION = "0.1.26"


def checks(module: ModuleType) -> Iterator[Callable[[tpuf.Namespace], None]]:
    """The public functions of a module, in their order."""
    for name, member in vars(module).items():
        if getattr(member, "__module__", None) == module.__name__ and not name.startswith("_"):
            yield member


def outcome(check: Callable[[tpuf.Namespace], None]) -> str | None:
    """How the check failed, or None when it held."""
    namespace = tpuf.Namespace(f"official-{check.__name__}")
    try:
        check(namespace)
    except Exception:  # noqa: BLE001 (whatever the client raises is the outcome)
        return traceback.format_exc()
    return None


def main() -> None:
    if tpuf.VERSION != VERSION:
        sys.exit(f"this is version {tpuf.VERSION} of the client, not {VERSION}")
    tpuf.max_retries = 1  # what fails once is a failure
    tpuf.read_timeout = 30
    outcomes = {check.__name__: outcome(check) for module in MODULES for check in checks(module)}
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()
