"""Runs checks with VectorAI's client, in its own environment; prints their outcome as JSON, and the
public methods of the client with their named parameters.

The arguments are the client's version and the names of the modules with checks. The environment
names the server (VECTORAI_URL) and the key (VECTORAI_KEY).
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.metadata import version
from inspect import getmembers, isfunction, signature
from types import ModuleType
from typing import Any

from official_vectorai_shared import RESTTransport, transport, vectorai

Check = Callable[[Any, str], Any]
CLIENT = "actian-vectorai-client"


def checks(module: ModuleType) -> Iterator[Check]:
    """The public functions of a module, in their order."""
    for name, member in list(vars(module).items()):
        if getattr(member, "__module__", None) == module.__name__ and not name.startswith("_"):
            yield member


def outcome(check: Check) -> str | None:
    """How the check failed, or None when it held."""
    try:
        asyncio.run(run(check, f"official {check.__name__}"))
    except Exception:  # noqa: BLE001 (whatever the client raises is the outcome)
        return traceback.format_exc()
    return None


async def run(check: Check, name: str) -> None:
    async with transport() as rest:
        await check(rest, name)


def methods() -> dict[str, list[str]]:
    """What the client can be asked over REST, and the parameters that have to be named."""
    kinds = (RESTTransport, type(vectorai.AsyncVectorAIClient("localhost:1").auth))
    return {
        name: [p.name for p in signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        for kind in kinds
        for name, function in getmembers(kind, isfunction)
        if not name.startswith("_")
    }


def main(wanted: str, *names: str) -> None:
    if version(CLIENT) != wanted:
        sys.exit(f"this is version {version(CLIENT)} of the client, not {wanted}")
    modules = map(importlib.import_module, names)
    outcomes = {check.__name__: outcome(check) for module in modules for check in checks(module)}
    json.dump({"methods": methods(), "outcomes": outcomes}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
