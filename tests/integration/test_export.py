"""Exports: everything, in write order, page by page, whatever is written meanwhile."""

import random
from threading import Event, Thread
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import engine as engine_module
from service.core.attributes import AttributeColumn
from service.core.documents import Upsert, Write
from service.engine import Engine
from service.storage import reads

PAGE = 3


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "PAGE_DOCUMENTS", PAGE)


def write(ids: Any, value: str = "x") -> Write:
    ids = tuple(ids)
    return Write(upsert=Upsert(ids, (AttributeColumn("a", (value,) * len(ids)),)))


def pages(client: FlaskClient, namespace: str, cursor: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = client.get(f"/v1/namespaces/{namespace}", query_string={"cursor": cursor})
        assert answer.status_code == 200
        found.append(answer.get_json())
        cursor = found[-1]["next_cursor"]
        if cursor is None:
            return found


def ids_of(found: list[dict[str, Any]]) -> list[Any]:
    return [identity for page in found for identity in page["ids"]]


def test_one_page_holds_what_fits(client: FlaskClient, namespace: str):
    client.post(
        f"/v1/namespaces/{namespace}",
        json={
            "ids": [2, 1],
            "vectors": [[0.7, 0.5], [1, 2]],
            "attributes": {"a": ["x", None], "tags": [None, ["p"]]},
        },
    )

    assert pages(client, namespace) == [
        {
            "ids": [2, 1],
            "vectors": [[0.7, 0.5], [1.0, 2.0]],
            "attributes": {"a": ["x", None], "tags": [None, ["p"]]},
            "next_cursor": None,
        }
    ]


def test_a_namespace_without_documents_is_an_empty_page(client: FlaskClient, namespace: str):
    client.post(f"/v1/namespaces/{namespace}", json={"ids": [1]})
    client.post(f"/v1/namespaces/{namespace}", json={"ids": [1], "vectors": [None]})

    empty = {"ids": [], "vectors": [], "attributes": {}, "next_cursor": None}
    assert pages(client, namespace) == [empty]


@pytest.mark.parametrize("count", [1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 3 * PAGE + 1])
@pytest.mark.usefixtures("small_pages")
def test_pages_follow_each_other_without_gap_or_overlap(
    client: FlaskClient, engine: Engine, namespace: str, count: int
):
    ids = list(range(count, 0, -1))
    engine.write(namespace, write(ids))

    found = pages(client, namespace)

    assert ids_of(found) == ids
    assert all(len(page["ids"]) == PAGE for page in found[:-1])


def test_a_page_has_at_most_ten_thousand_documents(
    client: FlaskClient, engine: Engine, namespace: str
):
    engine.write(namespace, write(range(10_001)))

    found = pages(client, namespace)

    assert [len(page["ids"]) for page in found] == [10_000, 1]
    assert ids_of(found) == list(range(10_001))


@pytest.mark.usefixtures("small_pages")
def test_what_is_written_between_pages_comes_in_later_ones(
    client: FlaskClient, engine: Engine, namespace: str
):
    engine.write(namespace, write(range(7)))
    first = client.get(f"/v1/namespaces/{namespace}").get_json()

    engine.write(namespace, write([1, 5, 99], "new"))
    rest = pages(client, namespace, first["next_cursor"])

    assert first["ids"] == [0, 1, 2]
    assert ids_of(rest) == [3, 4, 6, 1, 5, 99]
    assert [page["attributes"]["a"] for page in rest if page["ids"]] == [["x"] * 3, ["new"] * 3]


@pytest.mark.usefixtures("small_pages")
def test_a_deleted_position_does_not_end_the_export(
    client: FlaskClient, engine: Engine, namespace: str
):
    engine.write(namespace, write(range(7)))
    first = client.get(f"/v1/namespaces/{namespace}").get_json()

    engine.write(namespace, Write(deletes=(2, 3)))

    assert ids_of(pages(client, namespace, first["next_cursor"])) == [4, 5, 6]


def test_an_export_beside_a_writer_misses_no_document(
    client: FlaskClient, engine: Engine, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine_module, "PAGE_DOCUMENTS", 25)
    engine.write(namespace, write(range(200)))
    stop, rounds = Event(), 0

    def rewrite() -> None:
        nonlocal rounds
        while not stop.is_set() and rounds < 20:
            engine.write(namespace, write(range(rounds * 10, rounds * 10 + 10), "again"))
            rounds += 1

    thread = Thread(target=rewrite)
    thread.start()
    found = pages(client, namespace)
    stop.set()
    thread.join()

    assert set(ids_of(found)) == set(range(200))
    assert rounds > 0


@pytest.mark.usefixtures("small_pages")
def test_the_cursor_works_on_both_paths(client: FlaskClient, engine: Engine, namespace: str):
    engine.write(namespace, write(range(5)))
    cursor = client.get(f"/v1/namespaces/{namespace}").get_json()["next_cursor"]

    second = client.get(f"/v1/vectors/{namespace}", query_string={"cursor": cursor}).get_json()

    assert second["ids"] == [3, 4]


@pytest.mark.parametrize("cursor", ["?", "é", "LTE=", "YWJj", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "M"])
def test_a_foreign_cursor_is_refused(
    client: FlaskClient, engine: Engine, namespace: str, cursor: str
):
    engine.write(namespace, write([1]))

    answer = client.get(f"/v1/namespaces/{namespace}", query_string={"cursor": cursor})

    assert answer.status_code == 400
    assert "cursor" in answer.get_json()["error"]


def test_the_export_of_no_namespace_is_not_found(client: FlaskClient, namespace: str):
    assert client.get(f"/v1/namespaces/{namespace}").status_code == 404


def test_a_page_ends_early_when_its_attributes_are_large(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, namespace: str
):
    monkeypatch.setattr(reads, "PAGE_BYTES", 3000)
    texts = tuple("".join(random.Random(seed).choices("abcdefghij", k=2000)) for seed in range(7))
    ids = tuple(range(7))
    engine.write(namespace, Write(upsert=Upsert(ids, (AttributeColumn("text", texts),))))

    pages, position = [], 0
    while position is not None:
        page = engine.export(namespace, position)
        pages.append([hit.id for hit in page.hits])
        position = page.next_position

    assert [i for page in pages for i in page] == list(ids)
    assert max(map(len, pages)) < 7
    assert all(pages)
