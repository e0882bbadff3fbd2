"""Imports point inwards, and what one place alone may do is done nowhere else."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted((ROOT / "service").rglob("*.py"))

FLASK = ("flask", "marshmallow", "werkzeug")
DATABASE = ("psycopg", "psycopg_pool", "pgvector")
ROOTS = ("service/app.py", "service/wsgi.py", "service/__main__.py")  # may import everything
OUTER = ("service.web", "service.dialects", "service.app", "service.config")

# layer: what it may import besides the standard library; None: everything that is not forbidden
ALLOWED = {
    "core": ("service.core",),
    "compile": ("service.core", "service.compile", "psycopg.sql", "psycopg.types.json", "pgvector"),
}
FORBIDDEN = {
    "storage": (*FLASK, *OUTER, "service.engine"),
    "engine": (*FLASK, *OUTER, *DATABASE, "service.compile", "json", "orjson"),
    "web": (*DATABASE, "service.dialects", "service.storage", "service.compile"),
    "dialects": (*DATABASE, "service.storage", "service.compile"),
}


def imported(tree: ast.AST) -> Iterator[str]:
    """The full name of everything that is imported, anywhere in the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (f"{start}.{alias.name}" for alias in node.names)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def misplaced_imports(path: str, tree: ast.AST) -> Iterator[str]:
    folders = path.split("/")[1:-1]
    layer = folders[0] if folders else ""
    for name in imported(tree):
        if name.startswith("."):
            yield f"relative import of {name}"
        standard = name.split(".")[0] in sys.stdlib_module_names or name.startswith("__future__")
        if layer in ALLOWED and not standard and not within(name, ALLOWED[layer]):
            yield f"{layer} imports {name}"
        if within(name, FORBIDDEN.get(layer, ())):
            yield f"{layer} imports {name}"
        if layer == "dialects" and within(name, ("service.dialects",)):
            own = ".".join(path.split("/")[:3])
            if not within(name, (own,)):
                yield f"{own} imports another dialect: {name}"


def misplaced_acts(path: str, tree: ast.AST) -> Iterator[str]:
    environment = {"os.environ", "os.getenv", "os.environb"}
    quoting = {"sql.Identifier", "sql.Literal", "psycopg.sql.Identifier", "psycopg.sql.Literal"}
    named = set(imported(tree)) | {
        ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    if path != "service/config.py" and any(within(name, tuple(environment)) for name in named):
        yield "reads the environment"
    if path != "service/compile/fragment.py" and any(within(n, tuple(quoting)) for n in named):
        yield "quotes names or constants"
    if not path.startswith("service/storage/"):
        calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
        called = {call.attr for call in calls if isinstance(call, ast.Attribute)}
        if called & {"execute", "executemany", "cursor"}:
            yield "executes SQL"
        free = path in ROOTS or path.split("/")[1] in ALLOWED
        if not free and any(within(name, DATABASE[:2]) for name in named):
            yield "uses psycopg"


def violations(path: str, source: str) -> list[str]:
    tree = ast.parse(source)
    return [*misplaced_imports(path, tree), *misplaced_acts(path, tree)]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_keeps_to_its_layer(module: Path):
    path = module.relative_to(ROOT).as_posix()

    assert violations(path, module.read_text(encoding="utf-8")) == []


def test_every_layer_of_the_rules_exists():
    folders = {path.relative_to(ROOT / "service").parts[0] for path in MODULES}

    assert {*ALLOWED, *FORBIDDEN} <= folders


# (module, a line in it)
PLANTED = [
    ("service/core/query.py", "import flask"),
    ("service/core/query.py", "from psycopg import sql"),
    ("service/core/query.py", "from service.storage import reads"),
    ("service/core/query.py", "import numpy as np"),
    ("service/compile/filters.py", "import psycopg"),
    ("service/compile/filters.py", "from psycopg import Connection"),
    ("service/compile/filters.py", "from service.engine import Engine"),
    ("service/storage/reads.py", "from flask import request"),
    ("service/storage/reads.py", "from service.dialects.turbopuffer import names"),
    ("service/engine/writing.py", "import psycopg"),
    ("service/engine/writing.py", "from flask import g"),
    ("service/engine/writing.py", "def f():\n    from service.web import json"),
    ("service/web/context.py", "import psycopg_pool"),
    ("service/web/context.py", "from service import dialects"),
    ("service/dialects/turbopuffer/routes_v1.py", "import service.storage.reads"),
    ("service/dialects/turbopuffer/routes_v1.py", "from service.compile import filters"),
    ("service/dialects/turbopuffer/routes_v1.py", "from service.dialects import vectorai"),
    ("service/dialects/turbopuffer/routes_v1.py", "from service.dialects.vectorai.names import x"),
    ("service/engine/access.py", "from .recalling import recall"),
    ("service/app.py", "from . import config"),
    ("service/supervisor.py", "import os\nos.environ['PORT']"),
    ("service/storage/pool.py", "from os import environ"),
    ("service/web/auth.py", "import os\nos.getenv('KEY')"),
    ("service/compile/ranking.py", "from psycopg import sql\nsql.Identifier('books')"),
    ("service/storage/tables.py", "from psycopg.sql import Literal"),
    ("service/engine/access.py", "session.execute('SELECT 1')"),
    ("service/indexer.py", "import psycopg"),
    ("service/__main__.py", "connection.cursor()"),
]


@pytest.mark.parametrize(("module", "source"), PLANTED)
def test_the_rules_catch_what_they_forbid(module: str, source: str):
    assert violations(module, source)


def test_the_rules_allow_what_is_meant():
    assert violations("service/compile/fragment.py", "from psycopg import sql\nsql.Literal") == []
    assert violations("service/config.py", "import os\nos.environ") == []
    assert violations("service/core/query.py", "from typing import Literal\nimport re") == []
    assert violations("service/storage/reads.py", "import psycopg\nc.execute('SELECT 1')") == []
    assert (
        violations(
            "service/dialects/turbopuffer/routes_v1.py",
            "from service.dialects.turbopuffer import names\nfrom service.engine import Engine",
        )
        == []
    )
