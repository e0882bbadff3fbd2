"""A client that costs little: one keep-alive connection of the standard library."""

from __future__ import annotations

import http.client
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from benchmarks.server import Target

HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
TIMEOUT = 120.0
# as many headers as the service's answers to queries have
ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: echo\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    b"Connection: keep-alive\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Server-Timing: cache;hit_ratio=1.0;temperature=hot, exhaustive_search;count=10000, "
    b"processing_time;dur=1.000, query_execution_time;dur=1.000, cache_hit_ratio;ratio=1.0, "
    b"exhaustive_search_count;count=10000\r\n"
    b"X-turbopuffer-Approx-Namespace-Size: 10000\r\n\r\n%b"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``retry_after`` in seconds, when the server names a time."""

    status: int
    body: bytes
    retry_after: float | None


class Client:
    """Sends bodies that are already encoded, and hands out the bytes of the answers."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)

    def __enter__(self) -> Self:
        self._connection.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One request; anything but success is an error."""
        answer = self.exchange(method, path, body)
        if not 200 <= answer.status < 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer.body

    def exchange(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """One request, whatever the answer."""
        self._connection.request(method, path, body, HEADERS)
        response = self._connection.getresponse()
        after = response.headers.get("Retry-After")
        return Answer(response.status, response.read(), float(after) if after else None)


def connect(target: Target) -> Client:
    return Client(target.host, target.port)


@contextmanager
def echo(request_bytes: int, answer: bytes) -> Iterator[Client]:
    """A client of a server that answers at once: what it takes is the client's own cost."""
    spawn = multiprocessing.get_context("spawn")
    listener = socket.create_server(("127.0.0.1", 0))
    process = spawn.Process(target=_answer, args=(listener, request_bytes, answer), daemon=True)
    process.start()
    try:
        with Client("127.0.0.1", int(listener.getsockname()[1])) as client:
            listener.close()
            yield client
    finally:
        process.terminate()
        process.join()


def _answer(listener: socket.socket, request_bytes: int, answer: bytes) -> None:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    response = ANSWER % (len(answer), answer)
    received = b""
    while data := connection.recv(1 << 20):
        received += data
        _, end, body = received.partition(b"\r\n\r\n")
        if end and len(body) >= request_bytes:
            received = b""
            connection.sendall(response)
