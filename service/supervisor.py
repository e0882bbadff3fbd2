"""``vectable serve``: starts PostgreSQL, the web server and the indexer, and stops them in order.

It answers no request and knows nothing of vectors. Children stop first, PostgreSQL last, within ten
seconds in all; when this process is killed outright, the kernel tells the children.
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import click

from service.config import Config, ConfigError
from service.core.errors import ServiceError
from service.embedded import EmbeddedServer
from service.processes import ending_with_us, wait_until

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
STOP_ALL = 9.5  # seconds from the signal to the end of the last process
STOP_CHILDREN = 6.5  # of these: gunicorn gives its requests five
GET_READY = 60.0
LONGEST_PAUSE = 30.0
HOME = Path(__file__).parent.parent


class Died(ServiceError):
    """A process that everything depends on has ended by itself."""


def serve(config: Config) -> None:
    """Run until a signal comes (then return), or until a process dies that all depends on."""
    for which in SIGNALS:
        # nohup ignores SIGHUP on purpose; a shell's `&` ignores SIGINT, which is not meant for us
        if which is not signal.SIGHUP or signal.getsignal(which) is not signal.SIG_IGN:
            signal.signal(which, _interrupt)
    # The port comes first: nothing has to be undone when it is taken. gunicorn gets the socket,
    # so nobody can take it in between.
    listener = _listen(config)
    port = int(listener.getsockname()[1])
    supervisor = _Supervisor(replace(config, port=port, data_dir=config.data_dir.resolve()))
    try:
        supervisor.start(listener)
        supervisor.watch()
    except KeyboardInterrupt:
        pass
    finally:
        _ignore_signals()
        supervisor.stop()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    _ignore_signals()  # a second Ctrl-C must not leave half of it running
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    for which in SIGNALS:
        # not SIG_IGN: Python takes it amiss when a signal that has just come is ignored
        signal.signal(which, _nothing)


def _nothing(_signal: int, _frame: FrameType | None) -> None:
    """What signals do once we are stopping."""


class _Supervisor:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._server: EmbeddedServer | None = None
        self._web: subprocess.Popen[bytes] | None = None
        self._indexer: subprocess.Popen[bytes] | None = None
        self._indexer_due = 0.0
        self._pause = 1.0

    def start(self, listener: socket.socket) -> None:
        from service.storage.migrations import migrate

        if self._config.database_url is None:
            self._server = EmbeddedServer(self._config.data_dir)
            self._server.start()
            url = self._server.url
            self._config = replace(self._config, database_url=url, maintenance_database_url=url)
        url = self._config.maintenance_database_url
        assert url is not None
        migrate(url, self._config.schema)
        self._web = self._start_web(listener)
        listener.close()
        self._wait_until_ready()
        click.echo(self._welcome())

    def watch(self) -> None:
        while True:
            time.sleep(0.2)
            self._check_web()
            if self._server is not None and not self._server.alive:
                raise Died(f"PostgreSQL has ended unexpectedly (its log: {self._server.log}).")
            self._keep_indexer()

    def stop(self) -> None:
        end = time.monotonic() + STOP_ALL
        children = [child for child in (self._web, self._indexer) if child is not None]
        for child in children:
            child.terminate()
        wait_until(lambda: all(c.poll() is not None for c in children), STOP_CHILDREN)
        for child in children:
            # The group, not the process: gunicorn's workers may have outlived a killed gunicorn.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        if self._server is not None:
            self._server.stop(end - time.monotonic())

    def _start_web(self, listener: socket.socket) -> subprocess.Popen[bytes]:
        return self._start_child(
            "gunicorn",
            *("--config", "python:service.gunicorn_config"),
            *("--bind", f"fd://{listener.fileno()}"),
            "service.wsgi:app",
            keep=(listener.fileno(),),
        )

    def _start_child(
        self, module: str, *arguments: str, keep: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen[bytes](
            [*ending_with_us(signal.SIGTERM), sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            pass_fds=keep,
            # `service` is a common name: the folder that the user is in may hold another one.
            cwd=HOME,
            env=self._quiet().child_environment(),
            # Ctrl-C is for us alone: we decide in which order the others go.
            start_new_session=True,
        )

    def _quiet(self) -> Config:
        """For the children: what "info" would tell is in our own words on the terminal."""
        level = self._config.log_level
        return replace(self._config, log_level="warning" if level == "info" else level)

    def _check_web(self) -> None:
        if self._web is not None and (code := self._web.poll()) is not None:
            raise Died(f"The web server has ended unexpectedly, with exit code {code}.")

    def _keep_indexer(self) -> None:
        now = time.monotonic()
        if self._indexer is not None and self._indexer.poll() is not None:
            code, self._indexer = self._indexer.returncode, None
            self._indexer_due = now + self._pause
            click.echo(
                f"vectable: the indexer has ended with exit code {code}; "
                f"it starts again in {self._pause:.0f} s.",
                err=True,
            )
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        elif self._indexer is None and now >= self._indexer_due:
            self._indexer = self._start_child("service", "worker")

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + GET_READY
        while not _answers(*self._address()):
            self._check_web()
            if time.monotonic() > end:
                raise Died(f"The web server was not ready within {GET_READY:.0f} s.")
            time.sleep(0.03)

    def _address(self) -> tuple[str, int]:
        """Where we reach ourselves."""
        wildcards = {"0.0.0.0": "127.0.0.1", "::": "::1"}
        host = self._config.host.strip("[]")
        return wildcards.get(host, host), self._config.port

    def _welcome(self) -> str:
        config, (host, port) = self._config, self._address()
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        # The shell that is to run it may know the key; our output must not.
        key = ' -H "Authorization: Bearer ${VECTABLE_API_KEYS%%,*}"' if config.api_keys else ""
        return (
            f"Vectable is ready: {url}\n"
            f"  data       {self._where()}\n"
            f"  processes  {config.workers} of {config.threads} threads, "
            f"at most {config.connections} database connections, and the indexer's\n"
            f"  try        curl{key} {url}/v1/namespaces"
        )

    def _where(self) -> str:
        if self._server is not None:
            return f'{self._server.data_dir} (psql "{self._server.url}")'
        parts = urlsplit(self._config.database_url or "")
        return f"database {parts.path.lstrip('/') or '?'} on {parts.hostname or 'a local socket'}"


def _listen(config: Config) -> socket.socket:
    host, port = config.host.strip("[]"), config.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # "localhost" is often both; 127.0.0.1 is what clients are configured with.
        family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        six = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
        return socket.create_server(address, family=family, backlog=2048, dualstack_ipv6=six)
    except OSError as error:
        # a negative number is the failed lookup of a name
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise ConfigError(
            f"Port {port} on {host} cannot be opened ({reason}): "
            "stop the program that uses it, or choose another with --port (PORT) or --host (HOST)."
        ) from error


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
