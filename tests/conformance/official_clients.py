"""What the tests of turbopuffer's and VectorAI's official clients share: an environment of its own
for each, a running server, and the checks that are run between them, one by one.

The environments live in the user's cache, never in the project's; made once, they stay.
"""

from __future__ import annotations

import ast
import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
KEY = "tpuf_conformance"
INSTALL_SECONDS, START_SECONDS, SCENARIO_SECONDS, STOP_SECONDS = 300, 60, 120, 15


@dataclass(frozen=True)
class Server:
    """Where a server answers, and where it writes what it has to say."""

    url: str
    log: Path


@dataclass(frozen=True)
class Report:
    """How each check went, None for well, and the methods of the client with their parameters."""

    outcomes: Mapping[str, str | None]
    methods: Mapping[str, list[str]]


@dataclass(frozen=True)
class PythonClient:
    """A client for Python, the modules with its checks, and what is installed with it."""

    version: str
    modules: tuple[str, ...]
    packages: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    package: str = "turbopuffer"
    scenario: str = "official_client_v2_scenario"

    def checks(self) -> list[str]:
        return checks_in(*self.modules)

    def source(self) -> str:
        return "\n".join((FOLDER / f"{module}.py").read_text("utf-8") for module in self.modules)

    def run(self, server: Server, folder: Path) -> bytes:
        name = "-".join((self.package, self.version, *self.packages)).replace("==", "-")
        python = python_with(name, f"{self.package}=={self.version}", *self.packages)
        scenario = str(FOLDER / f"{self.scenario}.py")
        return run([str(python), scenario, self.version, *self.modules], self.settings, server)


@dataclass(frozen=True)
class TypescriptClient:
    """The client for Node: a folder with its package and version, and with its checks."""

    version: str
    home: Path = FOLDER / "official_client_ts"

    def checks(self) -> list[str]:
        return re.findall(r"^export async function (\w+)", self.source(), re.MULTILINE)

    def source(self) -> str:
        modules = [module for module in sorted(self.home.glob("*.mjs")) if module.stem != "shared"]
        return "\n".join(module.read_text("utf-8") for module in modules)

    def run(self, server: Server, folder: Path) -> bytes:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            unavailable("there is no node, or no npm")
        installed = cache_folder() / f"turbopuffer-typescript-{self.version}"
        installed.mkdir(exist_ok=True)
        shutil.copy(self.home / "package.json", installed)
        options = ("--no-audit", "--no-fund", "--no-package-lock", "--fetch-retries=1")
        make(installed, [[npm, "install", *options, "--prefix", str(installed)]])
        # modules look for packages above the folder that they are in
        shutil.copytree(self.home, folder, dirs_exist_ok=True)
        (folder / "node_modules").symlink_to(installed / "node_modules")
        return run([node, str(folder / "scenario.mjs"), self.version], {}, server)


Client = PythonClient | TypescriptClient


class Reports:
    """How the checks of clients went: a client is run when it is first asked for, and once.

    The server is started with the first of them; ``settings`` go into its environment.
    """

    def __init__(
        self,
        clients: Mapping[str, Client],
        database_url: str,
        factory: pytest.TempPathFactory,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._clients = clients
        self._database_url = database_url
        self._factory = factory
        self._settings = settings
        self._known: dict[str, Report | BaseException] = {}
        self._server: Server | None = None
        self._stack = ExitStack()

    def of(self, name: str) -> Report:
        if name not in self._known:
            self._known[name] = self._made(name)
        known = self._known[name]
        if isinstance(known, BaseException):
            raise known
        return known

    def close(self) -> None:
        self._stack.close()

    def _made(self, name: str) -> Report | BaseException:
        try:
            return Report(**json.loads(once(self._factory, name, lambda: self._run(name))))
        except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:  # noqa: BLE001
            return error

    def _run(self, name: str) -> bytes:
        folder = self._factory.mktemp(name)
        if self._server is None:
            log = folder / "server.log"
            self._server = self._stack.enter_context(
                serving(self._database_url, log, self._settings)
            )
        return self._clients[name].run(self._server, folder)


def once(factory: pytest.TempPathFactory, name: str, made: Callable[[], bytes]) -> bytes:
    """What ``made`` returns, called by one of the processes that share the tests of this run."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of a process the folder is its own
    result = folder / f"{name}.json"
    with locked(folder / f"{name}.lock"):
        if not result.exists():
            result.write_bytes(made())
    return result.read_bytes()


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Nobody else holds this lock meanwhile."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def checks_in(*modules: str) -> list[str]:
    """The names of the checks in Python modules of this folder: their public functions."""
    return [
        node.name
        for module in modules
        for node in ast.parse((FOLDER / f"{module}.py").read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
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


def python_with(client: str, *packages: str) -> Path:
    """The interpreter of an environment with these packages, named after the client."""
    home = cache_folder() / f"{client}-python{sys.version_info.major}.{sys.version_info.minor}"
    python = home / "bin" / "python"
    # what is never imported need not be compiled, and our own pip serves all environments
    options = ("--quiet", "--retries=2", "--no-compile", "--disable-pip-version-check")
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    steps = (
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(home)],
        [*pip, "install", *options, *packages],
    )
    make(home, steps)
    return python


def make(home: Path, steps: Sequence[Sequence[str]]) -> None:
    """Make an environment by these commands unless it is there; one process at a time does."""
    complete = home / "complete"
    with locked(Path(f"{home}.lock")):
        if not complete.exists():
            for step in steps:
                install(home.name, step)
            complete.touch()


def install(name: str, step: Sequence[str]) -> None:
    try:
        subprocess.run(step, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stderr", None) or b""
        unavailable(f"{name} could not be made: {error} {output.decode()[-500:]}")


def unavailable(reason: str) -> NoReturn:
    """What a test needs is not to be had: it is skipped, but where CI is set it fails."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def run(command: Sequence[str], settings: Mapping[str, str], server: Server) -> bytes:
    """What a scenario prints; its environment names the server and the key, and has the settings.

    The clients before 0.5.0 call the address by another name.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if "TURBOPUFFER" not in name},
        "TURBOPUFFER_BASE_URL": server.url,
        "TURBOPUFFER_API_BASE_URL": server.url,
        "TURBOPUFFER_API_KEY": KEY,
        "VECTORAI_URL": server.url,
        "VECTORAI_KEY": KEY,
        "no_proxy": "127.0.0.1",
        **settings,
    }
    done = subprocess.run(command, capture_output=True, timeout=SCENARIO_SECONDS, env=environment)
    assert done.returncode == 0, done.stderr.decode() + server.log.read_text("utf-8")
    return done.stdout


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def serving(
    database_url: str, log: Path, settings: Mapping[str, str] | None = None
) -> Generator[Server]:
    """A server of two processes on the database, stopped at the end."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "VECTABLE_API_KEYS": f"other,{KEY}",
        "WEB_CONCURRENCY": "2",
        "VECTABLE_THREADS": "4",
        **(settings or {}),
    }
    command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_ready(url, process, log)
        yield Server(url, log)
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
