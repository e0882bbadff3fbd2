"""The sizes that requests may have, as the application was configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

EXTENSION = "vectable_limits"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of a body after inflation: of a write, and of everything else."""

    max_write_bytes: int
    max_body_bytes: int


def limits() -> Limits:
    return cast(Limits, current_app.extensions[EXTENSION])
