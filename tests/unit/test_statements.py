"""The SQL files and how their holes are filled."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.compile.fragment import Fragment, raw
from service.storage.statements import Schemas, fill, read_statement

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "sql" / "statements").iterdir())
SCHEMAS = Schemas("vectable")


def names_used() -> set[str]:
    """Every string that the code gives to ``statement()``, as it is or by a variable."""
    used: set[str] = set()
    for path in (ROOT / "service").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        for node in nodes:
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "statement"
                and node.args
            ):
                used |= names_in(node.args[0], nodes)
    return used


def names_in(argument: ast.expr, nodes: list[ast.AST]) -> set[str]:
    """The strings that the first argument of a call stands for."""
    if isinstance(argument, ast.Constant):
        return {str(argument.value)}
    assert isinstance(argument, ast.Name), ast.unparse(argument)
    assigned = [pair for node in nodes if isinstance(node, ast.Assign) for pair in pairs(node)]
    return {
        str(value.value)
        for target, value in assigned
        if isinstance(target, ast.Name)
        and target.id == argument.id
        and isinstance(value, ast.Constant)
    }


def pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is assigned to what, also in ``a, b = 1, 2``."""
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)
        else:
            yield target, node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_statement_starts_with_its_name_and_purpose(path: Path):
    first = path.read_text(encoding="utf-8").splitlines()[0]

    name, _, purpose = first.removeprefix("-- ").partition(": ")
    assert first.startswith("-- ")
    assert path.suffix == ".sql"
    assert name == path.stem
    assert len(purpose) > 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_title_of_a_statement_has_neither_placeholders_nor_holes(path: Path):
    title = path.read_text(encoding="utf-8").splitlines()[0]

    assert not set("%{}") & set(title)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_comment_inside_a_statement_stands_on_a_line_of_its_own(path: Path):
    lines = path.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if "--" in line and not line.lstrip().startswith("--")] == []


def test_the_code_uses_every_statement_and_no_others():
    assert names_used() == {path.stem for path in FILES}


def test_only_the_title_of_the_comments_is_sent():
    text = read_statement("query_documents")

    assert text.startswith(
        "-- query_documents: what was found, with what is asked of each document\n"
    )
    assert text.count("--") == 1


def test_holes_take_fragments_with_their_values_in_the_order_of_the_text():
    filled = fill("SELECT {a} FROM {b} WHERE {a}", a=raw("x = %s", 1), b=raw("t"))

    assert filled == Fragment("SELECT x = %s FROM t WHERE x = %s", (1, 1))


def test_doubled_braces_stand_for_braces():
    assert fill("DEFAULT '{{}}' {a}", a=raw("x")).text == "DEFAULT '{}' x"
    assert fill("~ '^[a-z]{{1,128}}$'").text == "~ '^[a-z]{1,128}$'"


def test_braces_in_what_fills_a_hole_are_left_alone():
    assert fill("{a}", a=Fragment("'{b} {{}} %%'")).text == "'{b} {{}} %%'"


def test_a_hole_that_is_not_filled_is_an_error():
    with pytest.raises(KeyError, match="table"):
        fill("SELECT FROM {table}")


def test_an_unknown_statement_is_an_error():
    with pytest.raises(FileNotFoundError):
        SCHEMAS.statement("no_such_statement")


def test_a_statement_knows_the_three_schemas():
    text = Schemas("search").statement("find_alias", "books").text

    assert 'FROM "search_catalog".aliases' in text
    assert Schemas("search").segments == "search_segments"


def test_values_go_to_the_placeholders_of_the_file():
    statement = SCHEMAS.statement("find_alias", "books")

    assert statement.values == ("books",)


def test_values_of_both_kinds_are_refused():
    with pytest.raises(ValueError, match="count_documents"):
        SCHEMAS.statement(
            "count_documents", 1, table=raw("t"), predicate=raw("a = %s", 2), bound=raw("1")
        )
