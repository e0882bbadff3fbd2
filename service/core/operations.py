"""Copies of namespaces that run on their own, as those who started them see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.core.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Failure:
    """Why it failed: the class of error that the copy itself would have ended in, and its words."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: ServiceError) -> Failure:
        return cls(type(error).__name__, error.message)


@dataclass(frozen=True, slots=True)
class Operation:
    """``finished_at`` None: it runs. Then either ``documents`` were copied, or it failed."""

    token: UUID
    started_at: datetime
    finished_at: datetime | None = None
    documents: int | None = None
    failure: Failure | None = None
