"""The administrator of a service, and whether it asks for keys."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Admin:
    """The one administrator. ``generation`` is another one with every password."""

    password_hash: str
    generation: UUID


@dataclass(frozen=True, slots=True)
class Administration:
    """What every request is judged by. ``generation`` is that of the administrator, if any.

    ``enabled``: keys are asked for, whatever the settings of the server say.
    """

    enabled: bool
    token_secret: bytes | None
    generation: UUID | None
