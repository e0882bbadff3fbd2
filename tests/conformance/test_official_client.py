"""turbopuffer's official client, version 0.1.26, unmodified, against a running server.

The client lives in an environment of its own in the user's cache, never in the project's; the
checks are the public functions of ``official_client_{writing,reading,namespaces}.py``.
"""

from __future__ import annotations

import ast
import fcntl
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.engine import Engine

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
# the client imports typing_extensions without asking for it
PACKAGES = ("turbopuffer==0.1.26", "typing_extensions", "numpy", "pandas")
KEY = "tpuf_conformance"
INSTALL_SECONDS, START_SECONDS, SCENARIO_SECONDS, STOP_SECONDS = 300, 30, 60, 15

pytestmark = pytest.mark.registry

CHECKS = [
    node.name
    for part in ("writing", "reading", "namespaces")
    for node in ast.parse((FOLDER / f"official_client_{part}.py").read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
]


def cache_folder() -> Path:
    """A folder outside the project that survives the run, if the user has one."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "vectable-tests"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="vectable-tests-"))
    return folder


@pytest.fixture(scope="module")
def client_python() -> Path:
    """The interpreter of an environment with the client; made once, by one process at a time."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = cache_folder() / f"turbopuffer-0.1.26-python{version}"
    python, complete = home / "bin" / "python", home / "complete"
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            install(home, python)
            complete.touch()
    return python


def install(home: Path, python: Path) -> None:
    """Make the environment; offline this skips, but where CI is set it fails."""
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(python), "-m", "pip", "install", "--quiet", "--retries", "2", *PACKAGES],
    )
    for step in steps:
        try:
            subprocess.run(step, check=True, capture_output=True, timeout=INSTALL_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            output = getattr(error, "stderr", None) or b""
            reason = f"{PACKAGES[0]} could not be installed: {error} {output.decode()[-500:]}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def serving(database_url: str, log: Path) -> Iterator[str]:
    """A server of two processes on the database, stopped at the end."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "VECTABLE_API_KEYS": f"other,{KEY}",
        "WEB_CONCURRENCY": "2",
        "VECTABLE_THREADS": "4",
    }
    command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_ready(url, process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:
                if response.status == 200:
                    return
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail(f"the server did not become ready: {log.read_text('utf-8')}")


@pytest.fixture(scope="module")
def outcomes(
    client_python: Path,
    engine: Engine,
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str | None]:
    """How each check went, None for well; ``engine`` has migrated the database."""
    assert engine.missing() is None
    log = tmp_path_factory.mktemp("official") / "server.log"
    with serving(database_url, log) as url:
        environment = {
            **os.environ,
            "TURBOPUFFER_API_BASE_URL": url,
            "TURBOPUFFER_API_KEY": KEY,
            "no_proxy": "127.0.0.1",
        }
        run = subprocess.run(
            [str(client_python), str(FOLDER / "official_client_scenario.py")],
            capture_output=True,
            timeout=SCENARIO_SECONDS,
            env=environment,
        )
    assert run.returncode == 0, run.stderr.decode() + log.read_text("utf-8")
    return json.loads(run.stdout)


@pytest.mark.parametrize("check", CHECKS)
def test_the_client_gets_what_it_expects(check: str, outcomes: dict[str, str | None]) -> None:
    assert outcomes[check] is None, outcomes[check]


def test_every_check_was_run(outcomes: dict[str, str | None]) -> None:
    assert list(outcomes) == CHECKS
