"""What a namespace's owner sees and sets beside its documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Literal

from service.core.namespace import Namespace


class Unchanged(Enum):
    """The one value that stands for no change, where None is a value."""

    UNCHANGED = "unchanged"


UNCHANGED: Literal[Unchanged.UNCHANGED] = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class Pinning:
    """How many replicas the owner asked for; kept, and without effect here."""

    replicas: int = 1


@dataclass(frozen=True, slots=True)
class MetadataUpdate:
    """What to change: ``pinning`` None removes it; ``read_only`` None leaves it."""

    pinning: Pinning | Literal[Unchanged.UNCHANGED] | None = UNCHANGED
    read_only: bool | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Documents that wait for an index, and about their bytes."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """A namespace with what changes from moment to moment.

    ``rows`` and ``bytes`` are approximate, 0 for very few documents. ``backlog`` None: the index is
    up to date.
    """

    namespace: Namespace
    updated_at: datetime
    written_at: datetime
    rows: int
    bytes: int
    pinning: Pinning | None
    backlog: Backlog | None
