"""gunicorn's threaded worker, with two more waits: a short one more, and a long one less.

The plain worker gives a connection back to its main thread after every answer, which hands it to a
thread again when the next request comes: two hand-overs between threads, a third of the time of a
small query. A client that asks again at once is served by the thread that has just answered it.
"""

from __future__ import annotations

import select
import socket
import struct
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

LINGER_MILLISECONDS = 2
# a client that stops in the middle of a request keeps its thread for so many seconds
RECEIVE_TIMEOUT = struct.pack("@ll", 30, 0)


class Worker(ThreadWorker):
    """See the module."""

    def handle(self, conn: Any) -> Any:
        """Serve a request, and those that follow it at once; gunicorn's contract otherwise."""
        # the kernel's own timeout: gunicorn sets the socket to blocking again for every request
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, RECEIVE_TIMEOUT)
        outcome = super().handle(conn)
        while outcome is True and self._may_linger(conn) and arrives(conn.sock):
            outcome = super().handle(conn)
        return outcome

    def _may_linger(self, conn: Any) -> bool:
        """Nobody waits for this thread, and nothing was read ahead that polling would not show."""
        busy = self.tpool._work_queue.qsize() > 0
        return self.alive and not busy and not conn.parser.unreader.buf.getvalue()


def arrives(connection: socket.socket) -> bool:
    """Whether something can be read from the connection within the moment we wait."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(LINGER_MILLISECONDS))
