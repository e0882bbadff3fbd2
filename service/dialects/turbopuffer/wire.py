"""What JSON can hold. A field that any parser looks at is a ``Wire`` until it is a core value."""

from __future__ import annotations

from typing import TypeAlias

from service.core.ids import kind_of

Wire: TypeAlias = "bool | int | float | str | list[Wire] | dict[str, Wire] | None"

SHOWN = 64


def shortened(wire: Wire) -> str:
    """A value as messages show it: short, and without recursion into a deep one."""
    if isinstance(wire, list | dict):
        return f"({kind_of(wire)} of {len(wire)})"
    text = wire if isinstance(wire, str) else str(wire)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
