"""Several questions to one namespace at one moment, and how each of them is answered."""

from __future__ import annotations

from collections.abc import Sequence

from service.core.aggregation import Aggregates, Aggregation
from service.core.namespace import Namespace
from service.core.query import Query, Result
from service.core.query_binding import bind_aggregation, bind_query
from service.engine.describing import Explanation, describe
from service.engine.searching import Searcher
from service.storage import aggregates, catalog, explaining
from service.storage.layouts import Layouts
from service.storage.pool import Session

Question = Query | Aggregation
Answer = Result | Aggregates


def ask(
    session: Session,
    namespace: Namespace,
    layouts: Layouts,
    searcher: Searcher,
    questions: Sequence[Question],
) -> tuple[Answer, ...]:
    """The answers in the order of the questions, from one snapshot."""

    def answer(question: Question) -> Answer:
        if isinstance(question, Aggregation):
            bound = bind_aggregation(question, namespace)
            return searcher.aggregate(session, namespace, bound)
        return searcher.search(session, namespace, bind_query(question, namespace), layout)

    with session.snapshot():
        catalog.check_version(session, namespace)
        layout = layouts.read(session, namespace)
        return tuple(answer(question) for question in questions)


def explain(
    session: Session, namespace: Namespace, searcher: Searcher, question: Question, *, analyze: bool
) -> str:
    """How the question is answered, as text."""
    catalog.check_version(session, namespace)
    if isinstance(question, Query):
        bound = bind_query(question, namespace)
        return describe(searcher.explain(session, namespace, bound, analyze=analyze))
    statement = aggregates.compile_aggregation(
        session, namespace, bind_aggregation(question, namespace)
    )
    explained = explaining.explain(session, statement, analyze=analyze)
    return describe(Explanation(None, None, explained))
