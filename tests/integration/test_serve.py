"""``vectable serve`` as real processes: how it starts, what stops it, what stays."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.config import SETTINGS

ROOT = Path(__file__).parent.parent.parent
WEB = ("--config", "python:service.gunicorn_config")
PATIENCE = 30.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for data that other users can reach, unlike pytest's; in /tmp, so short enough."""
    with tempfile.TemporaryDirectory(prefix="vectable-serve-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Served:
    """A running ``vectable serve`` and what it has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.welcome: list[str] = []
        assert process.stdout is not None
        while len(self.welcome) < 4 and (line := process.stdout.readline()):
            self.welcome.append(line.strip())
        if len(self.welcome) < 4:
            pytest.fail(f"serve did not start: {process.communicate()}")

    @property
    def url(self) -> str:
        return self.welcome[0].rsplit(" ", 1)[1]

    @property
    def database(self) -> str:
        return self.welcome[1].split('"')[1]

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


def environment(**more: str) -> dict[str, str]:
    ours = {setting.variable for setting in SETTINGS}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return {**inherited, "PYTHONPATH": str(ROOT), **more}


def command(*arguments: str, python: str = sys.executable) -> list[str]:
    return [python, "-m", "service", "serve", "--workers", "1", "--threads", "2", *arguments]


@contextmanager
def serving(data: Path, *arguments: str, **popen: Any) -> Iterator[Served]:
    python = popen.pop("python", sys.executable)
    with subprocess.Popen(
        command("--port", "0", "--data-dir", str(data), *arguments, python=python),
        cwd=data.parent,
        env=popen.pop("env", environment()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **popen,
    ) as process:
        try:
            yield Served(process)
        finally:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=PATIENCE)


def refusal(*arguments: str, cwd: Path, **more: str) -> str:
    """What a serve says that must not start: one line, exit code 1."""
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def gone(pid: int) -> bool:
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True


def wait_for(condition: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_in_time_and_the_data_survives(folder: Path, how: signal.Signals):
    with serving(folder / "data") as served:
        served.ask("/v1/vectors/books", {"ids": [1], "vectors": [[0.5, 1.0]]})
        cluster = folder / "data" / "postgres"
        postgres = int((cluster / "postmaster.pid").read_text().split()[0])
        started = time.monotonic()

        assert served.stop(how) == 0
        assert time.monotonic() - started < 10
        assert gone(postgres)

    with serving(folder / "data") as served:
        found = served.ask("/v1/vectors/books/query", {"vector": [0.5, 1.0], "top_k": 1})
    assert found[0]["id"] == 1


def test_ctrl_c_at_a_terminal_reaches_all_processes_and_still_ends_well(folder: Path):
    with serving(folder / "data", start_new_session=True) as served:
        os.killpg(served.process.pid, signal.SIGINT)

        assert served.process.wait(timeout=PATIENCE) == 0


def test_the_welcome_says_where_it_is_and_has_a_curl_line_that_works(folder: Path):
    with serving(folder / "data") as served:
        curl = served.welcome[3].removeprefix("try").split()

        assert str(folder / "data") in served.welcome[1]
        assert curl[0] == "curl"
        assert served.ask(curl[1].removeprefix(served.url)) is not None


def test_with_keys_the_curl_line_takes_the_key_from_the_shell_and_no_key_is_printed(folder: Path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    env = environment(VECTABLE_API_KEYS="sesame,other")

    with serving(folder / "data", env=env) as served:
        line = served.welcome[3].removeprefix("try").strip()
        answer = subprocess.run(
            ["/bin/sh", "-c", line.replace("curl", "curl --silent --fail", 1)],
            env=env,
            capture_output=True,
            text=True,
        )

        assert "sesame" not in "".join(served.welcome)
        assert '-H "Authorization: Bearer ' in line
        assert answer.returncode == 0
        assert "namespaces" in answer.stdout


def test_metrics_are_those_of_all_processes_and_leave_nothing_behind(folder: Path):
    folders = environment(TMPDIR=str(folder))
    with serving(folder / "data", "--workers", "2", env=folders) as served:
        for _ in range(20):
            served.ask("/livez")
        with urllib.request.urlopen(f"{served.url}/metrics", timeout=PATIENCE) as answer:
            lines = answer.read().decode().splitlines()
        assert list(folder.glob("vectable-metrics-*"))

        assert served.stop() == 0
    counted = [line for line in lines if line.startswith("vectable_requests_total{")]
    assert [line.rpartition(" ")[2] for line in counted if 'route="/livez"' in line] == ["20.0"]
    assert not list(folder.glob("vectable-metrics-*"))


def test_a_path_that_postgres_finds_awkward_is_fine(folder: Path):
    data = folder / "sp ace, ü" / ("long" * 25) / "data"
    data.parent.mkdir(parents=True)

    with serving(data) as served:
        assert served.ask("/readyz")


def test_a_second_serve_on_the_same_folder_is_refused(folder: Path):
    with serving(folder / "data") as served:
        message = refusal("--port", "0", "--data-dir", "data", cwd=folder)

        assert f"process {served.process.pid}" in message
        assert str(folder / "data") in message
        assert served.ask("/readyz")


def test_a_taken_port_is_refused_before_anything_is_made(folder: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        message = refusal("--port", port, "--data-dir", "data", cwd=folder)

    assert f"Port {port} on 127.0.0.1" in message
    assert not (folder / "data").exists()


def test_outside_loopback_without_keys_it_does_not_start(folder: Path):
    message = refusal("--host", "0.0.0.0", "--port", "0", "--data-dir", "data", cwd=folder)

    assert "VECTABLE_API_KEYS" in message
    assert not (folder / "data").exists()


def test_gunicorn_alone_does_not_start_outside_loopback_without_keys(folder: Path):
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", *WEB, "--bind", "0.0.0.0:0", "service.wsgi:app"],
        cwd=folder,
        env=environment(DATABASE_URL="postgresql://nowhere.invalid/x"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert done.returncode == 1
    assert "VECTABLE_API_KEYS" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_in_place_of_the_folder_is_one_line(folder: Path):
    (folder / "data").write_text("")

    assert "cannot be used" in refusal("--port", "0", "--data-dir", "data", cwd=folder)


def test_data_of_another_postgres_is_refused(folder: Path):
    (folder / "data" / "postgres").mkdir(parents=True)
    (folder / "data" / "postgres" / "PG_VERSION").write_text("9\n")

    assert "made by PostgreSQL 9" in refusal("--port", "0", "--data-dir", "data", cwd=folder)


def test_a_database_that_cannot_be_reached_is_one_line(folder: Path):
    message = refusal("--port", "0", cwd=folder, DATABASE_URL="postgresql://127.0.0.1:1/nothing")

    assert message.startswith("vectable: ")


def test_after_a_kill_the_next_serve_comes_up_with_all_that_was_answered(folder: Path):
    with serving(folder / "data") as served:
        served.ask("/v1/vectors/books", {"ids": [7], "vectors": [[1.0, 0.0]]})
        served.process.kill()
        served.process.communicate(timeout=PATIENCE)

    with serving(folder / "data") as served:
        found = served.ask("/v1/vectors/books/query", {"vector": [1.0, 0.0], "top_k": 1})
    assert found[0]["id"] == 7


def test_a_postgres_without_an_owner_and_the_file_of_a_dead_one_are_cleared_up(folder: Path):
    with serving(folder / "data"):
        pass
    # the number of a process that lives and is no PostgreSQL: ours
    pid_file = folder / "data" / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n0\n5432\n\n\n0 0\nready\n")

    with serving(folder / "data") as served:
        assert served.ask("/readyz")


def test_when_postgres_dies_everything_stops_with_an_error(folder: Path):
    with serving(folder / "data") as served:
        pid = int((folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)

        assert served.process.wait(timeout=PATIENCE) == 1


def test_when_gunicorn_dies_everything_stops_with_an_error(folder: Path):
    with serving(folder / "data") as served:
        os.kill(child_of(served.process.pid, "gunicorn"), signal.SIGKILL)

        assert served.process.wait(timeout=PATIENCE) == 1
        assert served.process.stderr is not None
        assert "web server has ended" in served.process.stderr.read()


def test_a_dead_indexer_is_started_again(folder: Path):
    with serving(folder / "data") as served:
        wait_for(lambda: children_of(served.process.pid, "worker"))
        first = child_of(served.process.pid, "worker")
        os.kill(first, signal.SIGKILL)

        wait_for(lambda: set(children_of(served.process.pid, "worker")) - {first})
        assert served.stop() == 0


def test_a_database_of_ones_own_is_used_and_left_running(folder: Path, database_url: str):
    with serving(folder / "data", env=environment(DATABASE_URL=database_url)) as served:
        assert served.ask("/readyz")
        assert "@" not in served.welcome[1]

    assert not (folder / "data").exists()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_ordinary_user_can_serve_too(folder: Path):
    if os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user anyway")
    user = pwd.getpwnam("nobody")
    account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    env = environment(PYTHONPATH=f"{ROOT}:{sysconfig.get_path('purelib')}", HOME=str(folder))
    python = reachable_python(account, env)
    os.chown(folder, user.pw_uid, user.pw_gid)

    with serving(folder / "data", env=env, python=python, **account) as served:
        assert served.ask("/readyz")
        assert (folder / "data" / "postgres").stat().st_uid == user.pw_uid
        assert served.stop() == 0


def reachable_python(account: dict[str, Any], env: dict[str, str]) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        try:
            subprocess.run(
                [python, "-c", "import psycopg, numpy, service"],
                env=env,
                cwd="/",
                check=True,
                capture_output=True,
                **account,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(f"no Python {version} with these packages that an ordinary user can run")


def children_of(parent: int, word: str) -> list[int]:
    """The living children whose command line has the word (Linux)."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            line = status.with_name("cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z" and word in line:
            found.append(int(status.parent.name))
    return found


def child_of(parent: int, word: str) -> int:
    (pid,) = children_of(parent, word)
    return pid
