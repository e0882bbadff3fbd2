"""What the owner of a namespace configures: how it is indexed, and what is kept for callers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.core.attributes import JsonAny


@dataclass(frozen=True, slots=True)
class Configuration:
    """``settings`` are index settings (``core/index_settings.py``), ``config`` anything else that
    callers gave and read back. What is named here replaces what was there under the same name, of
    objects in ``config`` each member by itself."""

    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    config: Mapping[str, JsonAny] = field(default_factory=dict[str, JsonAny])
    closed: bool | None = None
