"""Namespaces made, configured and looked at by themselves, without a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from service.core.attributes import JsonAny, JsonObject
from service.core.configuration import Configuration
from service.core.errors import NamespaceExists, NamespaceNotFound
from service.core.evolution import Shape
from service.core.indexing import AttributeIndex
from service.core.namespace import Namespace
from service.engine import shaping
from service.storage import attribute_indexes, catalog, estimates
from service.storage.layouts import Layouts
from service.storage.pool import Session

PAYLOAD_SCHEMA = "payload_schema"


@dataclass(frozen=True, slots=True)
class State:
    """A namespace with its size (exact up to 100,000 documents, an estimate above) and how many of
    its vectors an index has."""

    namespace: Namespace
    size: int
    indexed: int
    segments: int


def look(session: Session, namespace: Namespace, layouts: Layouts) -> State:
    """The namespace as it is now."""
    size = estimates.count(session, namespace)
    layout = layouts.get(session, namespace)
    catalog.check_version(session, namespace)
    segments = [one for column in layout.segments.values() for one in column if one.is_walkable]
    return State(namespace, size, sum(one.live for one in segments), len(segments))


def create(
    session: Session,
    name: str,
    shape: Shape,
    configuration: Configuration,
    indexes: Iterable[AttributeIndex] = (),
) -> tuple[None, Namespace]:
    """Make an empty namespace, and have these indexes built.

    Raises:
        NamespaceExists: when the name is taken, by an alias also.
    """
    catalog.lock_name(session, name)
    try:
        catalog.find(session, name)
    except NamespaceNotFound:
        created = shaping.create(session, name, shape)
        want(session, created, indexes)
        return None, catalog.configure(session, created, configuration)
    raise NamespaceExists(name)


def configure(
    session: Session, namespace: Namespace | None, name: str, configuration: Configuration
) -> tuple[None, Namespace]:
    """Change what is configured.

    Raises:
        NamespaceNotFound: when there is no such namespace.
    """
    if namespace is None:
        raise NamespaceNotFound(name)
    catalog.check_version(session, namespace)
    config = merged(namespace.config, configuration.config)
    return None, catalog.configure(session, namespace, replace(configuration, config=config))


def merged(known: Mapping[str, JsonAny], given: Mapping[str, JsonAny]) -> dict[str, JsonAny]:
    """What was configured with what is now: of objects, each member by itself."""
    both = dict(known)
    for name, value in given.items():
        before = both.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            both[name] = {**before, **value}
        else:
            both[name] = value
    return both


def declare(
    session: Session,
    namespace: Namespace | None,
    name: str,
    declared: Mapping[str, JsonAny],
    indexes: Iterable[AttributeIndex],
) -> tuple[None, Namespace]:
    """Note what is declared of attributes, and have their indexes built; null takes a note away.

    Raises:
        NamespaceNotFound: when there is no such namespace.
    """
    if namespace is None:
        raise NamespaceNotFound(name)
    catalog.check_version(session, namespace)
    known = namespace.config.get(PAYLOAD_SCHEMA)
    noted: JsonObject = {**known, **declared} if isinstance(known, dict) else {**declared}
    noted = {key: schema for key, schema in noted.items() if schema is not None}
    want(session, namespace, indexes)
    config: JsonObject = {**namespace.config, PAYLOAD_SCHEMA: noted}
    return None, catalog.configure(session, namespace, Configuration(config=config))


def want(session: Session, namespace: Namespace, indexes: Iterable[AttributeIndex]) -> None:
    wanted = tuple(dict.fromkeys(indexes))
    if wanted:
        attribute_indexes.ask(session, namespace.id, wanted)
