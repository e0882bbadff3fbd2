"""LangChain's vector store for turbopuffer stores texts and finds them again.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import langchain_turbopuffer as _langchain  # pyright: ignore[reportMissingImports]
from official_client_v2_shared import client, refusal, tpuf

TurbopufferVectorStore = cast(Any, _langchain).TurbopufferVectorStore
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FRUITS = ["apple", "banana", "cherry", "grape"]


class _Letters:
    """Texts become vectors of how often each letter stands in them."""

    def embed_documents(self, texts: Iterable[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(text.count(letter)) for letter in LETTERS]


def _store(ns: Any, **options: Any) -> Any:
    return TurbopufferVectorStore(embedding=_Letters(), namespace=ns, **options)


def _filled(ns: Any) -> Any:
    store = _store(ns)
    metadatas = [{"size": len(fruit), "odd": len(fruit) % 2 == 1} for fruit in FRUITS]
    store.add_texts(FRUITS, metadatas=metadatas, ids=FRUITS)
    return store


def texts_are_found_by_similarity(ns: Any) -> None:
    found = _filled(ns).similarity_search("apple pie", k=2)
    assert [(document.id, document.page_content) for document in found] == [
        ("apple", "apple"),
        ("grape", "grape"),
    ]
    assert found[0].metadata == {"size": 5, "odd": True}


def distances_ascend(ns: Any) -> None:
    found = _filled(ns).similarity_search_with_score("grape", k=4)
    distances = [distance for _, distance in found]
    assert (found[0][0].id, abs(distances[0]) < 1e-6) == ("grape", True)
    assert distances == sorted(distances)
    ((document, relevance),) = _store(ns).similarity_search_with_relevance_scores("grape", k=1)
    assert (document.id, abs(relevance - 1) < 1e-6) == ("grape", True)


def filters_choose_documents(ns: Any) -> None:
    store = _filled(ns)
    for filters, expected in (
        (("odd", "Eq", False), {"banana", "cherry"}),
        (("And", [("size", "Gte", 5), ("id", "NotEq", "apple")]), {"banana", "cherry", "grape"}),
        (("content", "Glob", "?pp*"), {"apple"}),
    ):
        found = store.similarity_search("a", k=9, filters=filters)
        assert {document.id for document in found} == expected, filters


def documents_are_read_by_their_ids(ns: Any) -> None:
    found = _filled(ns).get_by_ids(["cherry", "apple", "unknown"])
    assert {(document.id, document.page_content) for document in found} == {
        ("apple", "apple"),
        ("cherry", "cherry"),
    }
    assert {document.metadata["size"] for document in found} == {5, 6}


def texts_are_replaced_and_deleted(ns: Any) -> None:
    store = _filled(ns)
    store.add_texts(["avocado"], ids=["apple"])
    assert store.delete(["banana", "unknown"]) is True
    found = store.similarity_search("avocado", k=9)
    assert [document.page_content for document in found] == ["avocado", "grape", "cherry"]
    assert found[0].metadata == {}


def ids_are_made_for_texts_without_one(ns: Any) -> None:
    store = _store(ns)
    first, second = store.add_texts(["kiwi", "lemon"])
    found = store.similarity_search("kiwi", k=2)
    assert [document.id for document in found] == [first, second]


def names_of_the_store_itself_may_be_metadata(ns: Any) -> None:
    store = _store(ns)
    store.add_texts(["fig"], metadatas=[{"content": "inner", "vector": "v", "tags": ["a", "b"]}])
    (document,) = store.similarity_search("fig", k=1)
    assert document.page_content == "fig"
    assert document.metadata == {"content": "inner", "vector": "v", "tags": ["a", "b"]}


def the_metric_is_the_store_s(ns: Any) -> None:
    store = _store(ns, distance_metric="euclidean_squared")
    store.add_texts(["aab", "c"])
    ((_, distance),) = store.similarity_search_with_score("ab", k=1)
    assert distance == 1.0


def stores_are_made_of_texts_and_retrieve(ns: Any) -> None:
    store = TurbopufferVectorStore.from_texts(FRUITS, _Letters(), ids=FRUITS, namespace=ns)
    retriever = store.as_retriever(search_kwargs={"k": 1})
    assert [document.id for document in retriever.invoke("cherries")] == ["cherry"]


async def stores_are_awaited(ns: Any) -> None:
    store = _store(client.namespace(ns.id))
    await store.aadd_texts(FRUITS, ids=FRUITS)
    found = await store.asimilarity_search("banana", k=1)
    assert [document.id for document in found] == ["banana"]


def deleting_everything_deletes_the_namespace(ns: Any) -> None:
    store = _filled(ns)
    assert store.delete() is True
    assert not ns.exists()
    assert isinstance(refusal(store.similarity_search, "apple"), tpuf.NotFoundError)
