"""Runs checks with a generated client, in its own environment; prints their outcome as JSON, and
the methods of the client with their parameters.

The arguments are the client's version and the names of the modules with checks. The environment
names the server (TURBOPUFFER_BASE_URL) and the key (TURBOPUFFER_API_KEY).
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from inspect import getmembers, iscoroutinefunction, isfunction, signature
from types import ModuleType
from typing import Any, cast

from official_client_v2_shared import OPTIONS, client, tpuf

Check = Callable[[Any], Any]


def checks(module: ModuleType) -> Iterator[Check]:
    """The public functions of a module, in their order."""
    for name, member in list(vars(module).items()):
        if getattr(member, "__module__", None) == module.__name__ and not name.startswith("_"):
            yield member


def outcome(check: Check) -> str | None:
    """How the check failed, or None when it held."""
    name = f"v{tpuf.__version__}-{check.__name__}"
    try:
        if iscoroutinefunction(check):
            asyncio.run(run(check, name))
        else:
            check(client.namespace(name))
    except Exception:  # noqa: BLE001 (whatever the client raises is the outcome)
        return traceback.format_exc()
    return None


async def run(check: Check, name: str) -> None:
    async with tpuf.AsyncTurbopuffer(**OPTIONS) as asynchronous:
        await check(asynchronous.namespace(name))


def methods() -> dict[str, list[str]]:
    """What a namespace can be asked, and how."""
    namespaces = cast(type[Any], type(client.namespace("any")))
    members = getmembers(namespaces, isfunction)
    return {name: list(signature(f).parameters) for name, f in members if not name.startswith("_")}


def main(version: str, *names: str) -> None:
    if tpuf.__version__ != version:
        sys.exit(f"this is version {tpuf.__version__} of the client, not {version}")
    modules = map(importlib.import_module, names)
    outcomes = {check.__name__: outcome(check) for module in modules for check in checks(module)}
    json.dump({"methods": methods(), "outcomes": outcomes}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
