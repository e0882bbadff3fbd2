"""Globs on a real PostgreSQL find what globset finds.

``glob_vectors.json`` was made by running globset 0.4.19 itself. The random patterns have a second
opinion: the regular expression that globset documents for each token, run over bytes by Python.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import psycopg
import pytest
from psycopg import sql

from service.compile.fragment import Fragment, constant, joined, number, raw
from service.compile.globs import GlobSyntaxError, compile_glob, expansion
from service.compile.globs import tokens as t
from service.compile.globs.parser import parse

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "glob_vectors.json").read_text(encoding="utf-8")
)
MATCH_VECTORS = [vector for vector in VECTORS if "match" in vector]
ERROR_VECTORS = [vector for vector in VECTORS if "error" in vector]

Connection = psycopg.Connection[tuple[Any, ...]]


class Glob(NamedTuple):
    pattern: str
    ignore_case: bool


# ------------------------------------------------------------------------------------ the database


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


def matches(
    connection: Connection, globs: Iterable[Glob], texts: Iterable[str]
) -> set[tuple[Glob, str]]:
    """All pairs of a glob and a text that match; 50 globs in one statement."""
    connection.execute("DELETE FROM subjects")
    connection.execute("INSERT INTO subjects (path) SELECT unnest(%s::text[])", [list(texts)])
    distinct = list(dict.fromkeys(globs))
    found: set[tuple[Glob, str]] = set()
    for start in range(0, len(distinct), 50):
        batch = [search(i, distinct[i]) for i in range(start, min(start + 50, len(distinct)))]
        statement = joined(" UNION ALL ", batch)
        for i, text in connection.execute(statement.text.encode(), statement.values):
            found.add((distinct[int(i)], text))
    return found


def search(index: int, glob: Glob) -> Fragment:
    condition = compile_glob(raw("path"), glob.pattern, glob.ignore_case)
    return raw("SELECT ") + number(index) + raw(", path FROM subjects WHERE ") + condition


def create_subjects(connection: Connection, collation: str = "default") -> None:
    connection.execute("DROP TABLE IF EXISTS subjects")
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE subjects (path text COLLATE {})").format(
            sql.Identifier(collation)
        )
    )


def wrong_vectors(connection: Connection) -> list[dict[str, Any]]:
    globs = [Glob(vector["pattern"], vector["case_insensitive"]) for vector in MATCH_VECTORS]
    found = matches(connection, globs, {vector["text"] for vector in MATCH_VECTORS})
    return [
        vector
        for glob, vector in zip(globs, MATCH_VECTORS, strict=True)
        if ((glob, vector["text"]) in found) is not vector["match"]
    ]


# ------------------------------------------------------------------------------------- the vectors


def test_the_vectors_are_all_there():
    assert len(MATCH_VECTORS) + len(ERROR_VECTORS) == len(VECTORS) == 536


def test_every_vector_matches_as_in_globset(connection: Connection):
    create_subjects(connection)

    assert wrong_vectors(connection) == []


@pytest.mark.parametrize("vector", ERROR_VECTORS, ids=lambda vector: ascii(vector["pattern"]))
def test_every_broken_pattern_is_refused_for_the_reason_globset_gives(vector: dict[str, Any]):
    with pytest.raises(GlobSyntaxError) as caught:
        parse(vector["pattern"])

    assert caught.value.kind == vector["error"]


BUILT_IN = ["C", "POSIX", "ucs_basic", "C.utf8", "pg_unicode_fast"]
LINGUISTIC = ["en_US.utf8", "tr_TR.utf8", "und-x-icu", "tr-x-icu"]


@pytest.mark.parametrize("collation", [*BUILT_IN, *LINGUISTIC])
def test_the_collation_of_the_column_changes_nothing(connection: Connection, collation: str):
    known = connection.execute(
        "SELECT FROM pg_collation WHERE collname = %s AND collencoding IN (-1, 6)", [collation]
    )
    if known.fetchone() is None:
        pytest.skip(f"the server has no collation {collation}")
    create_subjects(connection, collation)

    assert wrong_vectors(connection) == []


def test_a_collation_that_ignores_case_changes_nothing(connection: Connection):
    try:
        connection.execute(
            "CREATE COLLATION pg_temp.lenient"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("the server is built without ICU")
    connection.execute("CREATE TEMPORARY TABLE subjects (path text COLLATE pg_temp.lenient)")

    assert wrong_vectors(connection) == []


LOCALES: list[LiteralString] = [
    "LOCALE 'C'",
    "LOCALE 'C.UTF-8'",
    "LOCALE 'en_US.UTF-8'",
    "LOCALE 'tr_TR.UTF-8'",
    "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'",
    "LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'tr'",
]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_locale_of_the_database_changes_nothing(
    connection: Connection, database_url: str, locale: LiteralString
):
    name = "vectable_globs_other_locale"
    connection.execute(f"DROP DATABASE IF EXISTS {name}")
    try:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' ")
        connection.execute(create.format(sql.Identifier(name)) + sql.SQL(locale))
    except psycopg.DatabaseError as error:
        pytest.skip(f"the server cannot create such a database: {error}")
    try:
        with psycopg.connect(database_url, dbname=name, autocommit=True) as other:
            create_subjects(other)

            assert wrong_vectors(other) == []
    finally:
        connection.execute(f"DROP DATABASE {name}")


# ------------------------------------------------------------------------------- what is not a text


@pytest.mark.parametrize("pattern", ["", "*", "a", "a*", "{a,b}", "?", "??", "[é]", "[é][é]"])
@pytest.mark.parametrize("ignore_case", [False, True])
def test_a_missing_text_neither_matches_nor_fails_to_match(
    connection: Connection, pattern: str, ignore_case: bool
):
    condition = compile_glob(raw("(NULL::text)"), pattern, ignore_case)

    statement = raw("SELECT ") + condition + raw(", NOT ") + condition
    assert connection.execute(statement.text.encode(), statement.values).fetchone() == (None, None)


def test_the_text_may_come_out_of_a_document(connection: Connection):
    connection.execute("CREATE TEMPORARY TABLE documents (attributes jsonb)")
    for path in ["src/é/a.py", "src/b.xy", "src/b.xyz", None]:
        document = json.dumps({"100% path": path})
        connection.execute("INSERT INTO documents VALUES (%s::jsonb)", [document])
    text = raw("(attributes ->> ") + constant("100% path") + raw(")")

    condition = compile_glob(text, "SRC/**/*.{py,[w-z]?}", ignore_case=True)
    statement = raw("SELECT ") + text + raw(" FROM documents WHERE ") + condition
    rows = connection.execute(statement.text.encode(), statement.values).fetchall()

    assert rows == [("src/é/a.py",), ("src/b.xy",)]


def test_a_literal_prefix_is_searched_in_an_index(connection: Connection):
    create_subjects(connection)
    connection.execute('CREATE INDEX ON subjects (path COLLATE "C")')
    connection.execute(
        "INSERT INTO subjects SELECT 'src/' || n || '/x.py' FROM generate_series(1, 20000) AS n"
    )
    connection.execute("ANALYZE subjects")
    # What a prepared statement gets after a few runs: the plan must not need to see the values.
    connection.execute("SET plan_cache_mode = force_generic_plan")

    statement = raw("EXPLAIN ") + search(0, Glob("{src/77/**,lib/[ab]*,src/5}", False))
    plan = connection.execute(statement.text.encode(), statement.values, prepare=True).fetchall()

    assert "Seq Scan" not in str(plan)
    assert "subjects_path_idx" in str(plan)


# ------------------------------------------------------------------------------ the second opinion


def oracle(glob: Glob) -> re.Pattern[bytes]:
    """The regular expression over bytes that globset makes of the pattern."""
    tokens = parse(glob.pattern)
    expression = b".*" if tokens == (t.RecursivePrefix(),) else expression_of(tokens)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if glob.ignore_case else 0))


def expected_matches(globs: list[Glob], texts: set[str]) -> set[tuple[Glob, str]]:
    encoded = [(text, text.encode()) for text in texts]
    expressions = [(glob, oracle(glob)) for glob in globs]
    return {
        (glob, text)
        for glob, expression in expressions
        for text, octets in encoded
        if expression.fullmatch(octets)
    }


def expression_of(tokens: t.Tokens) -> bytes:
    return b"".join(map(token_expression, tokens))


def token_expression(token: t.Token) -> bytes:
    match token:
        case t.Literal(character):
            return hexadecimal(character)
        case t.AnyByte():
            return b"."
        case t.ZeroOrMore():
            return b".*"
        case t.RecursivePrefix():
            return b"(?:/?|.*/)"
        case t.RecursiveSuffix():
            return b"/.*"
        case t.RecursiveMiddle():
            return b"(?:/|/.*/)"
        case t.CharacterClass(negated, ranges):
            return b"[" + b"^" * negated + b"".join(map(range_expression, ranges)) + b"]"
        case t.Alternates(branches):
            written = [part for part in map(expression_of, branches) if part]
            return b"(?:" + b"|".join(written) + b")" if written else b""


def range_expression(pair: tuple[str, str]) -> bytes:
    first, last = map(hexadecimal, pair)
    return first if first == last else first + b"-" + last


def hexadecimal(character: str) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in character.encode())


# ------------------------------------------------------------------------------- random questions


# fmt: off
PIECES = [
    *"aabkKz/.é😀%_-Éſ\n", "*", "*", "**", "**/", "/**", "/**/", "?", "?", "?", r"\*", r"\\",
    "[ab]", "[!a]", "[é]", "[!é]", "[a-é]", "[^/]", "[J-l]", "[!J-l]", "[Z-a]", "[à-ÿ]", "[😀]",
    "[%_]", "[]^-]", "{", "{", "}", "}", ",", ",", r"\,", "{a,b}", "{,", "{**/",
]
# fmt: on
CHARACTERS = "aabkKzZ//..é©É😀%_-ſK*\\,\n\x01^]"


def random_patterns(rng: random.Random, count: int) -> Iterator[str]:
    while count:
        pattern = "".join(rng.choices(PIECES, k=rng.randint(1, 9)))
        try:
            parse(pattern)
        except GlobSyntaxError:
            continue
        count -= 1
        yield pattern


def random_texts(rng: random.Random, count: int) -> list[str]:
    return ["".join(rng.choices(CHARACTERS, k=rng.randint(0, 6))) for _ in range(count)]


def likely_texts(rng: random.Random, pattern: str) -> Iterator[str]:
    """Texts made to match the pattern, as far as their bytes are UTF-8."""
    for _ in range(6):
        try:
            text = sample(rng, parse(pattern)).decode()
        except UnicodeDecodeError:
            continue
        yield text
        yield text.swapcase()


def sample(rng: random.Random, tokens: t.Tokens) -> bytes:
    return b"".join(sample_of(rng, token) for token in tokens)


def sample_of(rng: random.Random, token: t.Token) -> bytes:
    anything = "".join(rng.choices(CHARACTERS, k=rng.randint(0, 2))).encode()
    match token:
        case t.Literal(character):
            return character.encode()
        case t.AnyByte() | t.CharacterClass():
            return rng.choice([b"a", b"k", b"/", *(bytes([byte]) for byte in "é😀".encode())])
        case t.ZeroOrMore():
            return anything
        case t.RecursivePrefix():
            return rng.choice([b"", anything + b"/"])
        case t.RecursiveSuffix():
            return b"/" + anything
        case t.RecursiveMiddle():
            return rng.choice([b"/", b"/" + anything + b"/"])
        case t.Alternates(branches):
            return sample(rng, rng.choice(branches))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("spellings", [32, 0], ids=["spelled out", "one regular expression"])
def test_random_patterns_match_like_their_regular_expression_over_bytes(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, spellings: int, seed: int
):
    monkeypatch.setattr(expansion, "MAX_SPELLINGS", spellings)
    rng = random.Random(seed)
    globs = [Glob(p, rng.random() < 0.5) for p in random_patterns(rng, 250)]
    texts = {*random_texts(rng, 60)}
    texts.update(text for glob in globs for text in likely_texts(rng, glob.pattern))
    create_subjects(connection)

    found = matches(connection, globs, texts)

    expected = expected_matches(globs, texts)
    assert sorted(found ^ expected) == []
    assert len(expected) > len(globs)
