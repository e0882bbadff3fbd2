"""The web server's connections: kept alive, read ahead, idle, and several at a time."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from service.config import Config
from service.engine import Engine

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
DEADLINE = 20


@pytest.fixture(scope="module")
def port(config: Config, engine: Engine) -> Iterator[int]:
    """A gunicorn with one process of two threads, on a socket that it inherits."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        environment = {"DATABASE_URL": str(config.database_url), "VECTABLE_THREADS": "2"}
        command = ["--config", "python:service.gunicorn_config", "--workers", "1"]
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *command, "--bind", f"fd://{listener.fileno()}",
             "service.wsgi:app"],
            env={**os.environ, **environment, "VECTABLE_LOG_LEVEL": "warning"},
            pass_fds=[listener.fileno()],
        )  # fmt: skip
    try:
        yield port
    finally:
        server.terminate()
        server.wait(DEADLINE)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def read_answers(connection: socket.socket, count: int) -> bytes:
    received = b""
    while received.count(b'{"status":"ok"}') < count:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def test_requests_sent_together_are_all_answered(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(REQUEST * 5)

        assert read_answers(connection, 5).count(b"200 OK") == 5


def test_a_connection_is_served_again_after_a_pause(port: int) -> None:
    with connect(port) as connection:
        for pause in (0.0, 0.05, 0.0, 0.2):
            time.sleep(pause)
            connection.sendall(REQUEST)

            assert b"200 OK" in read_answers(connection, 1)


def test_more_connections_than_threads_take_turns(port: int) -> None:
    connections = [connect(port) for _ in range(6)]

    for _ in range(5):
        for connection in connections:
            connection.sendall(REQUEST)
        for connection in connections:
            assert b"200 OK" in read_answers(connection, 1)

    for connection in connections:
        connection.close()


def test_a_client_that_closes_does_not_disturb_the_next(port: int) -> None:
    for _ in range(20):
        with connect(port) as connection:
            connection.sendall(REQUEST)
            read_answers(connection, 1)

    client = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    client.request("GET", "/readyz")
    assert client.getresponse().status == 200
    client.close()
