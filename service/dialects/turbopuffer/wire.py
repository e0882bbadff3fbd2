"""What JSON can hold. A field that any parser looks at is a ``Wire`` until it is a core value."""

from __future__ import annotations

from typing import TypeAlias

Wire: TypeAlias = "bool | int | float | str | list[Wire] | dict[str, Wire] | None"
