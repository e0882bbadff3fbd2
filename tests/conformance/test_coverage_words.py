"""Every word of the API has a case: options of schemas, forms of rankings, aggregates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import product

from service.core.attributes import AttributeSpec, Scalar
from service.core.vectors import Precision
from service.dialects.turbopuffer.full_text import FULL_TEXT_OPTIONS, LANGUAGES, TOKENIZERS
from service.dialects.turbopuffer.names import METRICS
from service.dialects.turbopuffer.ranking import DIRECTIONS, VECTOR_RANKS
from service.dialects.turbopuffer.scores import FUNCTIONS, GROUPS, MILLISECONDS
from tests.conformance.covered import (
    Steps,
    bodies,
    queries_of_v2,
    refused,
    schemas,
)
from tests.conformance.wire import Object, Wire, is_object, objects

SPELLED = {"full_text": "full_text_search"}
# what an entry of a schema may have beside the options that are stored
OTHER_OPTIONS = {"ann", "bm25", "drop"}
REFUSED_OPTIONS = {"embed", "sparse_knn"}
# what the live service ranks by, and this one does not
REFUSED_RANKS = {"BM25", "SparseKNN", "Embed", "late interaction"}
RANKS = {
    *(f"order {direction}" for direction in DIRECTIONS),
    *(f"{kind} by {operand}" for kind in VECTOR_RANKS for operand in ("numbers", "base64")),
    *FUNCTIONS,
    *GROUPS,
    "order by several keys",
    "a condition",
    "a number",
    "Product with its weight first",
    "Product with its weight last",
    "Product with its weight first, in an array",
    "Product with its weight last, in an array",
    "an exponent",
    "a midpoint",
    "an origin that is a number",
    "an origin that is a time",
    *(f"a midpoint in {unit}" for unit in MILLISECONDS),
}


def entries(among: Steps | None = None) -> list[Wire]:
    """All entries of all schemas that are sent, ids apart."""
    return [entry for schema in schemas(among) for name, entry in schema.items() if name != "id"]


def options(among: Steps | None = None) -> list[Object]:
    """The entries that have options."""
    return objects(entries(among))


def full_texts() -> list[Object]:
    found = [entry.get(name) for entry in options() for name in ("full_text_search", "bm25")]
    return objects(found)


def test_every_type_of_an_attribute_is_declared_by_a_case() -> None:
    types = {type_of(entry) for entry in entries()}

    declared = [scalar for scalar in Scalar if scalar is not Scalar.ANY]
    wanted = {f"{array}{scalar.value}" for array, scalar in product(("", "[]"), declared)}
    assert wanted - types == set()


def test_every_precision_of_a_vector_is_declared_by_a_case() -> None:
    types = {str(type_of(entry)).partition("]")[2] for entry in entries()}

    assert {precision.value for precision in Precision} - types == set()


def test_every_type_of_an_id_is_declared_by_a_case() -> None:
    types = {type_of(schema["id"]) for schema in schemas() if schema.get("id")}

    assert types == {"uint", "string", "uuid"}


def type_of(entry: Wire) -> str | None:
    return entry.get("type") if is_object(entry) else entry


def test_every_option_of_a_schema_has_a_case() -> None:
    used = {option for entry in options() for option in entry}
    stored = {SPELLED.get(field.name, field.name) for field in fields(AttributeSpec)}

    assert (stored | OTHER_OPTIONS) - used == set()


def test_every_option_that_is_refused_has_a_case() -> None:
    used = {option for entry in options(refused()) for option in entry}

    assert REFUSED_OPTIONS - used == set()


def test_every_option_of_full_text_search_has_a_case() -> None:
    given = full_texts()

    assert set(FULL_TEXT_OPTIONS) - {option for entry in given for option in entry} == set()
    assert TOKENIZERS - {entry.get("tokenizer") for entry in given} == set()
    assert LANGUAGES - {entry.get("language") for entry in given} == set()


def test_every_metric_has_a_case_in_queries_and_in_writes() -> None:
    for call in ("POST {v1}", "POST {v1}/query", "POST {v2}", "POST {v2}/query"):
        assert set(METRICS) - {body.get("distance_metric") for body in bodies(call)} == set(), call


def test_every_form_of_a_ranking_has_a_case() -> None:
    used = {form for query in queries_of_v2() for form in forms_of(query.get("rank_by"))}

    assert RANKS - used == set()


def test_every_ranking_that_is_refused_has_a_case() -> None:
    used = {form for query in queries_of_v2(refused()) for form in forms_of(query.get("rank_by"))}

    assert REFUSED_RANKS - used == set()


def forms_of(rank: Wire) -> Iterator[str]:
    """The forms that a ranking has, and those that are in it."""
    match rank:
        case [str(), "asc" | "desc" as direction]:
            yield f"order {direction}"
        case [[_, "asc" | "desc"], [_, "asc" | "desc"], *_]:
            yield "order by several keys"
        case [str(), "ANN" | "kNN" as kind, operand]:
            yield from forms_of_vector(kind, operand)
        case [str(), "BM25" | "SparseKNN" as name, *_]:
            yield name
        case int() | float():
            yield "a number"
        case [str(name), *parts] if name in FUNCTIONS | GROUPS:
            yield name
            yield from forms_of_function(name, parts)
        case [str(), str(), _]:
            yield "a condition"
        case _:
            return


def forms_of_vector(kind: str, operand: Wire) -> Iterator[str]:
    match operand:
        case ["Embed", *_]:
            yield "Embed"
        case [[*_], *_]:
            yield "late interaction"
        case _:
            yield f"{kind} by {'base64' if isinstance(operand, str) else 'numbers'}"


def forms_of_function(name: str, parts: list[Wire]) -> Iterator[str]:
    match name, parts:
        case "Product", [[first, second]]:
            yield from forms_of_product(first, second, ", in an array")
        case "Product", [first, second]:
            yield from forms_of_product(first, second, "")
        case "Sum" | "Max", [[*inner]]:
            yield from (form for part in inner for form in forms_of(part))
        case "Saturate" | "Decay", [part, parameters]:
            yield from forms_of(part)
            yield from forms_of_parameters(parameters)
        case "Dist", [part, origin]:
            yield from forms_of(part)
            yield f"an origin that is a {'time' if isinstance(origin, str) else 'number'}"
        case _:
            return


def forms_of_product(first: Wire, second: Wire, where: str) -> Iterator[str]:
    if isinstance(first, int | float):
        yield f"Product with its weight first{where}"
    elif isinstance(second, int | float):
        yield f"Product with its weight last{where}"
    yield from forms_of(first)
    yield from forms_of(second)


def forms_of_parameters(parameters: Wire) -> Iterator[str]:
    match parameters:
        case {"midpoint": str(duration), **options}:
            yield f"a midpoint in {duration.lstrip('0123456789.')}"
        case {"midpoint": _, **options}:
            yield "a midpoint"
        case _:
            return
    if "exponent" in options:
        yield "an exponent"


def test_every_aggregate_has_a_case_with_groups_and_without() -> None:
    queries = [query for query in queries_of_v2() if query.get("aggregate_by")]
    used = {
        (tuple(function[:1] + ["attribute"] * (len(function) - 1)), "group_by" in query)
        for query in queries
        for function in query["aggregate_by"].values()
    }

    functions = (("Count",), ("Count", "attribute"), ("Sum", "attribute"))
    assert set(product(functions, (True, False))) - used == set()


def test_every_kind_of_group_has_a_case() -> None:
    groups = [query["group_by"] for query in queries_of_v2() if query.get("group_by")]
    functions = [key for keys in groups for part in objects(keys) for key in part.values()]

    assert any(isinstance(key, str) for keys in groups for key in keys)
    assert {function for function, _ in functions} == {"ForEachUnique"}


def test_every_option_of_rank_fusion_has_a_case() -> None:
    fusions = [body["rerank_by"] for body in bodies("POST {v2}/query") if body.get("rerank_by")]
    used = {option for _, *rest in fusions for options in rest for option in options}

    assert used == {"rank_constant", "weights"}
