"""README is held against the code: modules, settings and filter operators."""

import re
from pathlib import Path

import pytest

from service.config import SETTINGS, Setting
from service.dialects.turbopuffer.filters import LEAVES

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    level = re.search(rf"^(#+) {title}$", README, re.MULTILINE)
    assert level, f"README has no section {title!r}"
    return re.split(rf"^#{{1,{len(level[1])}}} ", README[level.end() :], flags=re.MULTILINE)[0]


def modules() -> set[str]:
    """Every module; an ``__init__.py`` counts when there is something in it."""
    paths = (ROOT / "service").rglob("*.py")
    return {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.name != "__init__.py" or path.read_text(encoding="utf-8").strip()
    }


def mapped(text: str) -> set[str]:
    """Paths in a code map: written out, or as the leaves of an indented tree of folders."""
    found = set(re.findall(r"service/[\w/]+\.py", text))
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        entry = re.match(r"([\s│├└─*-]*)`?((?:[\w.]+/)*)(\w+\.py)?`?(?=\s|$)", line)
        if entry is None or not (entry[2] or entry[3]):
            continue
        indent = len(entry[1])
        above = [(depth, folder) for depth, folder in above if depth < indent]
        folder = "".join(name for _, name in above) + entry[2]
        if entry[3] and folder.startswith("service/"):
            found.add(folder + entry[3])
        if entry[2] and not entry[3]:
            above.append((indent, entry[2]))
    return found


def cells(table: str) -> list[list[str]]:
    rows = (line.strip("|").split("|") for line in table.splitlines() if line.startswith("|"))
    return [[cell.strip() for cell in row] for row in rows]


def test_the_code_map_lists_exactly_the_modules_of_the_service():
    listed = {path for path in mapped(section("Code map")) if not path.endswith("/__init__.py")}
    there = {path for path in modules() if not path.endswith("/__init__.py")}

    assert listed == there


def test_packages_in_the_code_map_exist():
    listed = {path for path in mapped(section("Code map")) if path.endswith("/__init__.py")}

    assert {path for path in listed if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_every_setting_is_in_the_table_of_settings(setting: Setting):
    variables = [row[0] for row in cells(section("Settings"))]

    assert variables.count(f"`{setting.variable}`") == 1


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_a_default_in_the_table_is_the_one_in_the_code(setting: Setting):
    (default,) = [row[1] for row in cells(section("Settings")) if row[0] == f"`{setting.variable}`"]

    if isinstance(setting.default, float):
        assert float(default.strip("`")) == setting.default
    elif setting.default not in (None, ()):
        assert default == f"`{setting.default}`"


def test_the_table_of_settings_names_no_others():
    named = {row[0].strip("`") for row in cells(section("Settings")) if row[0].startswith("`")}

    assert named == {setting.variable for setting in SETTINGS}


@pytest.mark.parametrize("operator", [*LEAVES, "And", "Or"])
def test_every_filter_operator_is_in_the_section_on_filters(operator: str):
    operators = " ".join(row[0] for row in cells(section("Filters")))

    assert f"`{operator}`" in operators


def test_a_code_map_is_read_from_paths_and_from_trees():
    tree = "```\nservice/\n  app.py   text\n  core/    values\n    ids.py   text\nsql/\n  x.py\n```"
    paths = "`service/app.py`  text\n* `service/core/ids.py` – text"

    assert mapped(tree) == mapped(paths) == {"service/app.py", "service/core/ids.py"}
