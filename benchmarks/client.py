"""A client that costs little: one keep-alive connection of the standard library."""

from __future__ import annotations

import http.client
import socket
import threading
from typing import Self

from benchmarks.server import Target

HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


class Client:
    """Sends bodies that are already encoded, and hands out the bytes of the answers."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=300)

    def __enter__(self) -> Self:
        self._connection.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One request; anything but 200 is an error."""
        self._connection.request(method, path, body, HEADERS)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:500]!r}")
        return answer


def connect(target: Target) -> Client:
    return Client(target.host, target.port)


class Echo(threading.Thread):
    """A server that answers at once with the same bytes: what is left is the client's own cost."""

    def __init__(self, request_bytes: int, answer: bytes) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._request_bytes = request_bytes
        self._answer = ANSWER % (len(answer), answer)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def run(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            received = 0
            while data := connection.recv(1 << 20):
                received += len(data)
                # The head is smaller than the body's vector: one request is in when that is.
                if received >= self._request_bytes:
                    received = 0
                    connection.sendall(self._answer)
