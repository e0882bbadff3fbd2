"""The wheel, away from the checkout: the command works and the SQL has travelled along."""

import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from service.config import SETTINGS

ROOT = Path(__file__).parent.parent.parent
SCHEMA = "packaged"


@pytest.fixture(scope="module")
def wheel() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vectable-wheel-") as folder:
        # Without isolation, so offline: the build backend is among the packages for development.
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
        (built,) = Path(folder).glob("vectable-*.whl")
        yield built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A folder that holds what an installation of the wheel puts into site-packages."""
    target = wheel.parent / "installed"
    pip = (sys.executable, "-m", "pip", "--quiet", "install", "--no-deps", "--no-index")
    run(*pip, "--target", target, wheel)
    return target


def run(*command: str | Path, **variables: str) -> str:
    ours = {setting.variable for setting in SETTINGS}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        command, cwd="/", env={**inherited, **variables}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def vectable(installed: Path, *arguments: str, **variables: str) -> str:
    script = installed / "bin" / "vectable"
    return run(sys.executable, script, *arguments, PYTHONPATH=str(installed), **variables)


def test_every_sql_file_is_in_the_wheel(wheel: Path):
    files = {p.relative_to(ROOT / "sql").as_posix() for p in (ROOT / "sql").rglob("*.sql")}

    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("service/_sql/")}

    assert files
    assert {f"service/_sql/{name}" for name in files} <= packed


def test_the_wheel_holds_the_package_and_nothing_of_the_checkout(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"service"}


def test_the_installed_command_knows_its_version(installed: Path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] in vectable(installed, "--version")


def test_the_installed_command_runs_installed_code(installed: Path):
    code = "import service.config; print(service.config.__file__)"

    where = run(sys.executable, "-c", code, PYTHONPATH=str(installed)).strip()

    assert Path(where).is_relative_to(installed)


def test_the_installed_command_migrates_a_database(installed: Path, database_url: str):
    settings = {"DATABASE_URL": database_url, "VECTABLE_SCHEMA": SCHEMA}

    first = vectable(installed, "migrate", **settings)
    second = vectable(installed, "migrate", **settings)

    assert first.startswith("Applied 0001_")
    assert second == "Nothing to apply.\n"
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT to_regnamespace(%s)::text", [SCHEMA]).fetchone()
    assert row == (SCHEMA,)


def test_a_command_without_its_database_says_so_in_one_line(installed: Path):
    done = subprocess.run(
        [sys.executable, installed / "bin" / "vectable", "migrate"],
        cwd="/",
        env={"PATH": os.defpath, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("vectable: DATABASE_URL is not set")
    assert done.stderr.count("\n") == 1
