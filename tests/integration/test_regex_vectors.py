"""Regular expressions on a real PostgreSQL find what Rust's regex crate finds.

``regex_vectors.json`` was made by running the crate itself, version 1.13: whether a pattern matches
somewhere in a text, which patterns are errors, and which are none to it but refused here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from service.compile.fragment import Fragment, constant, joined, number, raw
from service.compile.regexes import check_regex, compile_regex
from service.compile.regexes.characters import Characters
from service.compile.regexes.nodes import OneOf
from service.compile.regexes.parser import parse
from service.core.errors import InvalidRequest

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "regex_vectors.json").read_text(encoding="utf-8")
)
MATCH_VECTORS = [vector for vector in VECTORS if "matches" in vector]
ERROR_PATTERNS = [vector["pattern"] for vector in VECTORS if "error" in vector]
REFUSED_PATTERNS = [vector["pattern"] for vector in VECTORS if "refused" in vector]

Connection = psycopg.Connection[tuple[Any, ...]]


# ------------------------------------------------------------------------------------ the database


def create_subjects(connection: Connection, collation: str = "default") -> None:
    connection.execute("DROP TABLE IF EXISTS subjects")
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE subjects (text text COLLATE {})").format(
            sql.Identifier(collation)
        )
    )


def matches(
    connection: Connection, patterns: Iterable[str], texts: Iterable[str]
) -> set[tuple[str, str]]:
    """All pairs of a pattern and a text that match; 50 patterns in one statement."""
    connection.execute("DELETE FROM subjects")
    connection.execute("INSERT INTO subjects SELECT unnest(%s::text[])", [list(texts)])
    distinct = list(dict.fromkeys(patterns))
    found: set[tuple[str, str]] = set()
    for start in range(0, len(distinct), 50):
        batch = [search(i, distinct[i]) for i in range(start, min(start + 50, len(distinct)))]
        statement = joined(" UNION ALL ", batch)
        for i, text in connection.execute(statement.text.encode(), statement.values):
            found.add((distinct[int(i)], text))
    return found


def search(index: int, pattern: str) -> Fragment:
    condition = compile_regex(raw("text"), pattern)
    return raw("SELECT ") + number(index) + raw(", text FROM subjects WHERE ") + condition


def wrong_vectors(connection: Connection, vectors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    patterns = [vector["pattern"] for vector in vectors]
    found = matches(connection, patterns, {vector["text"] for vector in vectors})
    return [
        vector
        for vector in vectors
        if ((vector["pattern"], vector["text"]) in found) is not vector["matches"]
    ]


# ------------------------------------------------------------------------------------- the vectors


def test_the_vectors_are_all_there():
    assert len(MATCH_VECTORS) > 2000
    assert len(ERROR_PATTERNS) > 200
    assert len(MATCH_VECTORS) + len(ERROR_PATTERNS) + len(REFUSED_PATTERNS) == len(VECTORS)


def test_every_vector_matches_as_in_the_crate(connection: Connection):
    create_subjects(connection)

    assert wrong_vectors(connection, MATCH_VECTORS) == []


@pytest.mark.parametrize("pattern", ERROR_PATTERNS, ids=ascii)
def test_every_pattern_that_the_crate_refuses_is_refused(pattern: str):
    with pytest.raises(InvalidRequest):
        check_regex(pattern)


@pytest.mark.parametrize("pattern", REFUSED_PATTERNS, ids=lambda pattern: ascii(pattern)[:60])
def test_a_pattern_that_cannot_be_translated_is_refused(pattern: str):
    with pytest.raises(InvalidRequest, match=r"not supported|too|other characters"):
        check_regex(pattern)


@pytest.mark.parametrize("collation", ["C", "C.utf8", "pg_unicode_fast", "tr_TR.utf8", "tr-x-icu"])
def test_the_collation_of_the_column_changes_nothing(connection: Connection, collation: str):
    known = connection.execute(
        "SELECT FROM pg_collation WHERE collname = %s AND collencoding IN (-1, 6)", [collation]
    )
    if known.fetchone() is None:
        pytest.skip(f"the server has no collation {collation}")
    create_subjects(connection, collation)

    assert wrong_vectors(connection, MATCH_VECTORS[::5]) == []


def test_a_collation_that_ignores_case_changes_nothing(connection: Connection):
    try:
        connection.execute(
            "CREATE COLLATION pg_temp.lenient"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("the server is built without ICU")
    connection.execute("CREATE TEMPORARY TABLE subjects (text text COLLATE pg_temp.lenient)")

    assert wrong_vectors(connection, MATCH_VECTORS[::5]) == []


# ------------------------------------------------------------------------------------- the classes


CLASSES = [r"\w", r"\W", r"\d", r"\s", r"\pL", r"(?i)\p{Lu}"]
CLASSES += [r"[\w--\d&&[^a-zé]]", r"[^\x{D000}-\x{F000}]"]


@pytest.mark.parametrize("pattern", CLASSES)
def test_a_class_means_the_same_characters_to_postgresql(connection: Connection, pattern: str):
    condition = compile_regex(raw("chr(code)"), pattern)
    statement = (
        raw("SELECT code FROM generate_series(1, 1114111) AS code")
        + raw(" WHERE code NOT BETWEEN 55296 AND 57343 AND ")
        + condition
    )
    found = {code for (code,) in connection.execute(statement.text.encode(), statement.values)}

    assert found == set(members(pattern).codes())


def members(pattern: str) -> Characters:
    node = parse(pattern)
    assert isinstance(node, OneOf)
    return node.members


# -------------------------------------------------------------------------------- what is no text


@pytest.mark.parametrize("pattern", ["", "a", "^", "[a&&b]", r"\b", "(?:)*"])
def test_a_missing_text_neither_matches_nor_fails_to_match(connection: Connection, pattern: str):
    condition = compile_regex(raw("(NULL::text)"), pattern)

    statement = raw("SELECT ") + condition + raw(", NOT ") + condition
    assert connection.execute(statement.text.encode(), statement.values).fetchone() == (None, None)


def test_the_text_may_come_out_of_a_document(connection: Connection):
    connection.execute("CREATE TEMPORARY TABLE documents (attributes jsonb)")
    for title in ["Größe 42", "grösse", "GRÖẞE", None]:
        document = json.dumps({"100% title": title})
        connection.execute("INSERT INTO documents VALUES (%s::jsonb)", [document])
    text = raw("(attributes ->> ") + constant("100% title") + raw(")")

    condition = compile_regex(text, r"(?i)^größe\b")
    statement = raw("SELECT ") + text + raw(" FROM documents WHERE ") + condition
    rows = connection.execute(statement.text.encode(), statement.values).fetchall()

    assert rows == [("Größe 42",), ("GRÖẞE",)]


# -------------------------------------------------------------------------------------- the limits


LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    "pattern",
    [
        "a{1000}b{0,1000}",
        "(?:a{0,40}){0,50}",
        r"(?:\Ba?){9}",
        r"(?m)(?:^\w*$\n?){25}",
        "(?:a*b*){50}",
        "".join(f"[{letter}-z]*" for letter in LETTERS * 3),
        LETTERS + ".{1900}",
        "|".join(rf"\b{first}{second}" for first in LETTERS[:6] for second in LETTERS[:6]),
        r"(?:\b\w*)*\B(?:\w|\b)*(?:\d|\B)*",
        "|".join(f"{first}{second}x" for first in LETTERS for second in LETTERS),
    ],
    ids=lambda pattern: pattern[:30],
)
def test_postgresql_takes_what_is_within_the_limits(connection: Connection, pattern: str):
    create_subjects(connection)

    assert isinstance(matches(connection, [pattern], ["", "abc" * 100]), set)
