"""Changes of documents that are there: of their attributes by path, and of their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.core.attributes import JsonObject
from service.core.errors import InvalidRequest
from service.core.filters import Filter
from service.core.ids import DocumentId
from service.core.paths import Key, Path
from service.core.vectors import VectorBatch

# each level repeats what is around it in the statement
MAX_DEPTH = 16
MAX_PATHS = 1_024


@dataclass(frozen=True, slots=True)
class Merge:
    """Set these attributes and keep the others; ``inside``: of the object at this path, which is
    made where there is none."""

    values: JsonObject
    inside: Path | None = None


@dataclass(frozen=True, slots=True)
class Replace:
    """Have these attributes and no others."""

    values: JsonObject


@dataclass(frozen=True, slots=True)
class Remove:
    """Have nothing at these paths."""

    paths: tuple[Path, ...]


AttributeChange = Merge | Replace | Remove


@dataclass(frozen=True, slots=True)
class EditAttributes:
    """One change of the attributes of all documents that match."""

    target: Filter
    change: AttributeChange


@dataclass(frozen=True, slots=True)
class SetVectors:
    """New vectors for documents that exist: one entry for each of them in every column, those
    missing stay as they are."""

    ids: tuple[DocumentId, ...]
    vectors: Mapping[str, VectorBatch]


@dataclass(frozen=True, slots=True)
class RemoveVectors:
    """No vectors of these names any longer in all documents that match."""

    target: Filter
    names: tuple[str, ...]


Edit = EditAttributes | SetVectors | RemoveVectors


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse paths that make a statement too long.

    Raises:
        InvalidRequest: for too many of them, or one that is too deep.
    """
    if len(paths) > MAX_PATHS:
        raise InvalidRequest(f"at most {MAX_PATHS} keys are removed at a time")
    for path in paths:
        if len(path.steps) > MAX_DEPTH:
            raise InvalidRequest(f"the key '{path}' has more than {MAX_DEPTH} parts")


def touched(change: AttributeChange) -> JsonObject:
    """What a change brings into the attributes at the top, as far as their types go."""
    match change:
        case Replace(values) | Merge(values, None):
            return values
        case Merge(_, Path(steps)):
            return {step.name: {} for step in steps[:1] if isinstance(step, Key)}
        case _:
            return {}
