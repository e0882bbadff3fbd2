"""The operations of the service: what both dialects call, and all that they call.

An operation takes and returns plain values of ``service/core``. Transactions begin and end here;
SQL and JSON do not occur.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from service.core.aggregation import Aggregates, Aggregation
from service.core.aliases import Alias, AliasAction
from service.core.attributes import JsonAny
from service.core.binding import bind
from service.core.configuration import Configuration
from service.core.documents import SchemaUpdate, Write, Written
from service.core.edits import Edit
from service.core.errors import NamespaceNotFound, ServiceError, Unavailable
from service.core.evolution import Shape
from service.core.index_settings import IndexSettings
from service.core.indexing import AttributeIndex
from service.core.metadata import Metadata, MetadataUpdate
from service.core.namespace import Namespace, NamespacePage
from service.core.operations import Operation
from service.core.query import Page, Query, Recall, Result
from service.core.query_binding import bind_aggregation, bind_query
from service.core.vectors import Vector
from service.engine import aliases as aliasing
from service.engine import asking, collections, shaping, writing
from service.engine.access import Access
from service.engine.administering import Administrator
from service.engine.advising import Advisor
from service.engine.asking import Answer, Question
from service.engine.collections import State
from service.engine.editing import Editor
from service.engine.explorer import Explorer
from service.engine.keys import Keys
from service.engine.operating import Operator
from service.engine.recalling import recall
from service.engine.searching import Searcher
from service.engine.snapshots import Snapshots
from service.engine.warming import Warmer
from service.engine.writing import Writer
from service.storage import aliases, catalog, estimates, metadata, migrations, reads
from service.storage.faults import Stale
from service.storage.layouts import Layouts
from service.storage.metadata import Stamps
from service.storage.pool import Database, Session
from service.storage.snapshots.database import DatabaseStore
from service.storage.snapshots.directory import DirectoryStore

# numbers in the vectors of one page of an export: 16 MB, some 50 as JSON
PAGE_NUMBERS = 4_000_000
PAGE_DOCUMENTS = 10_000
DEFAULTS = IndexSettings()
MAX_SNAPSHOT_BYTES = 64 * 1024**3


@dataclass(frozen=True, slots=True)
class Description:
    """A namespace with its size: exact up to 100,000 documents, an estimate above."""

    namespace: Namespace
    size: int


class Engine:
    """All operations on one database.

    Those on keys, on the administrator, on snapshots, and queries by example are of parts of it.
    Snapshots are kept in ``snapshot_dir``, else in the database.
    """

    def __init__(
        self,
        database: Database,
        settings: IndexSettings = DEFAULTS,
        snapshot_dir: Path | None = None,
        max_snapshot_bytes: int = MAX_SNAPSHOT_BYTES,
    ) -> None:
        store = DirectoryStore(snapshot_dir) if snapshot_dir else DatabaseStore(database)
        self._database = database
        self._layouts = Layouts(settings)
        self._access = Access(database, self._layouts)
        self._advisor = Advisor(database)
        self._searcher = Searcher(self._layouts, self._advisor)
        self._writer = Writer(self._layouts)
        self._editor = Editor(self._writer)
        self._stamps = Stamps(database)
        self._operator = Operator(self._access)
        self._warmer = Warmer(self._access, self._searcher)
        self.keys = Keys(database)
        self.administrator = Administrator(database)
        self.explorer = Explorer(self._access, self._layouts, self._searcher)
        self.snapshots = Snapshots(self._access, store, max_snapshot_bytes)

    def query(self, name: str, query: Query) -> Result:
        """The min(limit, matching) best documents."""

        def run(session: Session, namespace: Namespace) -> Result:
            return self._searcher.search(session, namespace, bind_query(query, namespace))

        return self._access.read(name, run)

    def aggregate(self, name: str, aggregation: Aggregation) -> Aggregates:
        """Counts and sums over all documents that match."""

        def run(session: Session, namespace: Namespace) -> Aggregates:
            bound = bind_aggregation(aggregation, namespace)
            return self._searcher.aggregate(session, namespace, bound)

        return self._access.read(name, run)

    def answer(self, name: str, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers to questions; when there are several, all of the same moment."""
        match questions:
            case [Query() as query]:
                return (self.query(name, query),)
            case [Aggregation() as aggregation]:
                return (self.aggregate(name, aggregation),)
            case _:
                return self.ask(name, questions)

    def ask(self, name: str, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers to several questions, all of the same moment."""
        return self._access.read(
            name,
            lambda session, namespace: asking.ask(
                session, namespace, self._layouts, self._searcher, questions
            ),
        )

    def explain(self, name: str, question: Question, *, analyze: bool) -> str:
        """How a question is answered, as text for a DBA; with ``analyze`` it is run as well."""

        def run(session: Session, namespace: Namespace) -> str:
            return asking.explain(session, namespace, self._searcher, question, analyze=analyze)

        return self._access.read(name, run)

    def write(self, name: str, request: Write) -> Written:
        """Apply a write whole, or not at all; durable when this returns."""

        def run(session: Session, known: Namespace | None) -> tuple[Written, Namespace]:
            return self._writer.write(session, known, name, request)

        written = self._access.change(name, run)
        namespace = self._access.cache.get(name)
        if namespace is not None:
            self._stamps.note(namespace)
        return written

    def edit(self, name: str, change: Edit) -> int:
        """Change documents that are there; returns how many were touched."""

        def run(session: Session, known: Namespace | None) -> tuple[int, Namespace]:
            return self._editor.edit(session, known, name, change)

        return self._access.change(name, run)

    def create(
        self,
        name: str,
        shape: Shape,
        configuration: Configuration,
        indexes: Iterable[AttributeIndex] = (),
    ) -> None:
        """Make an empty namespace with these indexes; an error when the name is taken."""

        def run(session: Session, _: Namespace | None) -> tuple[None, Namespace]:
            return collections.create(session, name, shape, configuration, indexes)

        self._access.manage(name, run)

    def configure(self, name: str, configuration: Configuration) -> None:
        """Change how a namespace is indexed, what is kept for callers, whether it is open."""

        def run(session: Session, known: Namespace | None) -> tuple[None, Namespace]:
            return collections.configure(session, known, name, configuration)

        self._access.manage(name, run)

    def declare(
        self, name: str, declared: Mapping[str, JsonAny], indexes: Iterable[AttributeIndex]
    ) -> None:
        """Note what is declared of attributes (None: no longer), and have their indexes built."""

        def run(session: Session, known: Namespace | None) -> tuple[None, Namespace]:
            return collections.declare(session, known, name, declared, indexes)

        self._access.manage(name, run)

    def state(self, name: str) -> State:
        """The namespace, its size, and how much of it is indexed."""
        return self._access.look(
            name,
            lambda session, namespace: collections.look(session, namespace, self._layouts),
        )

    def change_aliases(self, actions: Sequence[AliasAction]) -> None:
        """Carry out all of the actions, in their order, or none of them."""
        with self._database.transaction() as session:
            aliasing.change(session, actions)

    def aliases(self) -> tuple[Alias, ...]:
        """All aliases."""
        with self._database.session() as session:
            return aliases.list_all(session)

    def aliases_of(self, name: str) -> tuple[Alias, ...]:
        """The aliases of one namespace."""

        def run(session: Session, namespace: Namespace) -> tuple[Alias, ...]:
            catalog.check_version(session, namespace)
            return tuple(Alias(one, namespace.name) for one in aliases.of(session, namespace))

        return self._access.look(name, run)

    def copy(self, name: str, source: str, *, must_exist: bool = False) -> int:
        """Make a new or empty namespace a copy of another; returns the number of documents."""

        def run(session: Session, known: Namespace | None) -> tuple[int, Namespace]:
            return writing.copy(session, known, name, source, must_exist=must_exist)

        return self._access.change(name, run)

    def start_copy(self, name: str, source: str) -> UUID:
        """Begin a copy that runs on its own; returns the token to ask by."""
        return self._operator.start(name, source)

    def operation(self, name: str, token: UUID) -> Operation:
        """How a copy is doing."""
        return self._operator.find(name, token)

    def metadata(self, name: str) -> Metadata:
        """The namespace with what changes from moment to moment."""

        def run(session: Session, namespace: Namespace) -> Metadata:
            layout = self._layouts.get(session, namespace)
            return metadata.read(session, namespace, layout, self._layouts.settings(namespace))

        return self._access.look(name, run)

    def update_metadata(self, name: str, update: MetadataUpdate) -> Metadata:
        """Change what a namespace's owner sets; returns all of it afterwards."""

        def run(session: Session, known: Namespace | None) -> tuple[None, Namespace]:
            if known is None:
                raise NamespaceNotFound(name)
            return None, metadata.update(session, known, update)

        self._access.manage(name, run)
        return self.metadata(name)

    def delete(self, name: str) -> None:
        """Drop a namespace with all its documents."""
        self._access.manage(name, lambda session, _: writing.drop(session, name))

    def drop_indexes(self, name: str) -> None:
        """Drop what is derived from the documents; they are searched by scans from then on.

        Until an indexer makes it anew, which begins at once.
        """
        self._access.change(name, lambda session, known: writing.drop_indexes(session, known, name))

    def describe(self, name: str) -> Description:
        """The namespace and how many documents it has."""

        def run(session: Session, namespace: Namespace) -> Description:
            size = estimates.count(session, namespace)
            catalog.check_version(session, namespace)
            return Description(namespace, size)

        return self._access.look(name, run)

    def schema(self, name: str) -> Namespace:
        """The namespace as the catalog has it."""

        def run(session: Session, namespace: Namespace) -> Namespace:
            catalog.check_version(session, namespace)
            return namespace

        return self._access.look(name, run)

    def update_schema(self, name: str, update: SchemaUpdate) -> Namespace:
        """Declare attributes or change their options; returns the namespace afterwards."""
        return self._access.change(
            name, lambda session, known: shaping.update_schema(session, known, name, update)
        )

    def export(self, name: str, after: int) -> Page:
        """Documents in write order from behind a position (0: the start), whole."""

        def run(session: Session, namespace: Namespace) -> Page:
            numbers = sum(column.dimensions for column in namespace.vectors) or 1
            limit = max(1, min(PAGE_DOCUMENTS, PAGE_NUMBERS // numbers))
            return reads.export(session, namespace, after, limit)

        return self._access.read(name, run)

    def list_namespaces(self, prefix: str, after: str, limit: int) -> NamespacePage:
        """Names that start with ``prefix``, from behind the position of the page before."""
        try:
            with self._database.session() as session:
                return catalog.list_names(session, prefix, after, limit)
        except Stale:
            raise Unavailable("the database lacks migrations: run 'vectable migrate'") from None

    def recall(
        self, name: str, samples: int, query: Query, vectors: Sequence[Vector] = ()
    ) -> Recall:
        """How well searches find what exact ones find, on samples or on given vectors."""

        def run(session: Session, namespace: Namespace) -> Recall:
            with session.snapshot():
                catalog.check_version(session, namespace)
                layout = self._layouts.read(session, namespace)
                asked = replace(query, filter=bind(query.filter, namespace))
                return recall(session, namespace, self._searcher, layout, samples, asked, vectors)

        return self._access.read(name, run)

    def warm(self, name: str) -> None:
        """Have the namespace read into memory in the background."""
        self._access.read(name, catalog.check_version)
        self._warmer.hint(name)

    def missing(self) -> str | None:
        """What keeps the service from answering, or None when it is ready."""
        try:
            with self._database.session() as session:
                migrations.check_migrated(session.connection, session.schemas)
        except ServiceError as error:
            return error.message
        return None

    def close(self) -> None:
        self._warmer.close()
        self._advisor.close()
        self._database.close()
