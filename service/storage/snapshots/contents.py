"""The header of a snapshot: all that is to be known of a namespace besides its documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson

from service.core.attributes import JsonAny
from service.core.evolution import Shape, shape_of
from service.core.ids import IdType
from service.core.indexing import AttributeIndex, IndexKind
from service.core.namespace import Namespace
from service.core.snapshot_format import Reader, UnreadableSnapshot
from service.storage import aliases, attribute_indexes, catalog
from service.storage.pool import Session

KINDS = frozenset(kind.value for kind in IndexKind)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a snapshot says of the namespace ``namespace``; ``indexes`` are those on attributes."""

    namespace: str
    shape: Shape
    settings: Mapping[str, object]
    config: Mapping[str, JsonAny]
    aliases: tuple[str, ...]
    indexes: tuple[AttributeIndex, ...]


def contents_of(session: Session, namespace: Namespace) -> Contents:
    asked = session.execute(session.schemas.statement("list_asked_indexes", namespace.id))
    return Contents(
        namespace.name,
        shape_of(namespace),
        namespace.settings,
        namespace.config,
        aliases.of(session, namespace),
        tuple(attribute_indexes.read_index(kind, name) for kind, name in asked.fetchall()),
    )


def write_contents(contents: Contents, moment: datetime) -> bytes:
    """The header, as ``core/snapshot_format.py`` describes it."""
    shape = contents.shape
    return orjson.dumps(
        {
            "namespace": contents.namespace,
            "created_at": moment.isoformat(timespec="seconds"),
            "id_type": shape.id_type.value,
            "vectors": [catalog.write_vector_column(column) for column in shape.vectors],
            "attributes": {n: catalog.write_spec(spec) for n, spec in shape.attributes.items()},
            "settings": dict(contents.settings),
            "config": dict(contents.config),
            "aliases": contents.aliases,
            "indexes": [[index.kind.value, index.attribute] for index in contents.indexes],
        }
    )


def read_contents(header: bytes) -> Contents:
    """What the header says.

    Raises:
        UnreadableSnapshot: when it says something that this version does not know.
    """
    try:
        entry = cast(dict[str, Any], orjson.loads(header))
        return Contents(
            str(entry["namespace"]),
            read_shape(entry),
            dict(entry["settings"]),
            dict(entry["config"]),
            tuple(str(alias) for alias in entry["aliases"]),
            tuple(
                AttributeIndex(IndexKind(kind), str(name))
                for kind, name in entry["indexes"]
                # of the kinds that this version makes
                if kind in KINDS
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableSnapshot(
            f"the header of the snapshot cannot be read: {type(error).__name__} {error}"
        ) from error


def read_shape(entry: dict[str, Any]) -> Shape:
    return Shape(
        IdType(entry["id_type"]),
        tuple(catalog.read_vector_column(column) for column in entry["vectors"]),
        {str(name): catalog.read_spec(spec) for name, spec in entry["attributes"].items()},
    )


def verified(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a file as they are; the end is reached only when they are a whole snapshot.

    Raises:
        UnreadableSnapshot: else, as soon as that is known.
    """
    passed: list[bytes] = []

    def noted() -> Iterator[bytes]:
        for piece in pieces:
            passed.append(piece)
            yield piece

    reader = Reader(noted())
    read_contents(reader.header)
    for _ in reader.rows():
        yield b"".join(passed)
        passed.clear()
    yield b"".join(passed)
