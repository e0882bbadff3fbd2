"""The bytes of a request's body, inflated, within a limit; and what is left of it on the socket.

Nothing here trusts what a client announces: memory stays at about the limit whatever is sent. It
does not know what the bytes mean.
"""

from __future__ import annotations

import io
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from flask import Response, request

from service.core.errors import InvalidRequest, TooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PIECE = 256 * 1024
INFLATED_PIECE = 1024 * 1024
GZIP = 16 + zlib.MAX_WBITS
GZIP_NAMES = frozenset({"gzip", "x-gzip"})
# Deflate goes up to 1,032 to 1; JSON of real documents and vectors stays far below 200 to 1.
MOST_INFLATION = 200
FREE_INFLATION = 16 * 1024 * 1024
# Each member copies what follows it, so that a body of empty members would cost quadratic time.
MOST_MEMBERS = 10_000
# gunicorn discards an unread rest below this by itself and keeps the connection.
SERVER_DISCARDS = 64 * 1024
LINGER_SECONDS = 2.0
WAS_READ = "vectable.body_was_read"


def read_body(limit: int) -> bytes:
    """The body of the current request, inflated if it is compressed.

    Raises:
        TooLarge: for more than ``limit`` bytes, as sent or inflated, or an absurd inflation.
        InvalidRequest: for a body that cannot be read or inflated.
    """
    environ = request.environ
    length = _announced_length(environ)
    if length is not None and length > limit:
        raise TooLarge(f"the request body of {length} bytes is larger than the limit of {limit}")
    coding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding in GZIP_NAMES:
        return _inflate(_pieces(environ, length), limit)
    if coding not in ("", "identity"):
        raise InvalidRequest(
            f"Content-Encoding {coding[:40]!r} is not supported; send gzip or identity"
        )
    if length is None:
        return _collect(_pieces(environ, length), limit)
    # One read, and joining one piece does not copy it.
    return b"".join(_pieces(environ, length, length))


def _announced_length(environ: WSGIEnvironment) -> int | None:
    """Content-Length; None when the body has no announced end."""
    text = environ.get("CONTENT_LENGTH") or ""
    # Transfer-Encoding overrides Content-Length (RFC 9112, section 6.3).
    if not text or environ.get("HTTP_TRANSFER_ENCODING"):
        return None if environ.get("wsgi.input_terminated") else 0
    if not (text.isascii() and text.isdigit()):
        raise InvalidRequest(f"Content-Length {text[:40]!r} is not a number")
    digits = text.lstrip("0") or "0"
    if len(digits) > 18:
        raise TooLarge("the request body is larger than any limit")
    return int(digits)


def _read(environ: WSGIEnvironment, size: int) -> bytes:
    try:
        return environ["wsgi.input"].read(size)
    except MemoryError:
        raise
    except Exception as error:
        # Every server has its own classes for a broken chunk or a client that went away.
        raise InvalidRequest("the request body could not be read to its end") from error


def _pieces(environ: WSGIEnvironment, length: int | None, size: int = PIECE) -> Iterator[bytes]:
    """The body as it was sent, ``size`` bytes at a time, noting when it was read to its end."""
    read = 0
    while length is None or read < length:
        piece = _read(environ, size if length is None else min(size, length - read))
        if not piece:
            break
        read += len(piece)
        if read == length:
            environ[WAS_READ] = True
        yield piece
    if length is not None and read < length:
        raise InvalidRequest(f"the request body ended after {read} of {length} bytes")
    environ[WAS_READ] = True


def _collect(pieces: Iterable[bytes], limit: int) -> bytes:
    body = io.BytesIO()  # grows in place and hands out its buffer uncopied
    for piece in pieces:
        if body.tell() + len(piece) > limit:
            raise TooLarge(f"the request body is larger than the limit of {limit} bytes")
        body.write(piece)
    return body.getvalue()


def _inflate(pieces: Iterable[bytes], limit: int) -> bytes:
    """Undo gzip: one member after the other, as RFC 1952 has it."""
    body = io.BytesIO()
    member = zlib.decompressobj(GZIP)
    consumed, members = 0, 1
    for piece in pieces:
        consumed += len(piece)
        rest = piece
        while rest:
            if member.eof:
                member, members = zlib.decompressobj(GZIP), members + 1
            body.write(_step(member, rest, limit + 1 - body.tell()))
            rest = member.unused_data if member.eof else member.unconsumed_tail
            _check_inflation(body.tell(), consumed - len(rest), members, limit)
    if consumed and not member.eof:
        raise InvalidRequest("the gzip body is truncated")
    return body.getvalue()


def _step(member: zlib._Decompress, data: bytes, room: int) -> bytes:  # pyright: ignore[reportPrivateUsage] (no public name)
    try:
        return member.decompress(data, min(room, INFLATED_PIECE))
    except zlib.error as error:
        raise InvalidRequest(
            "the body is not valid gzip, although Content-Encoding says so"
        ) from error


def _check_inflation(inflated: int, consumed: int, members: int, limit: int) -> None:
    if inflated > limit:
        raise TooLarge(f"the inflated request body is larger than the limit of {limit} bytes")
    if inflated > FREE_INFLATION and inflated > consumed * MOST_INFLATION:
        raise TooLarge(f"the request body inflates to more than {MOST_INFLATION} times its size")
    if members > MOST_MEMBERS:
        raise TooLarge(f"the gzip body has more than {MOST_MEMBERS} members")


class ClosingResponse(Response):
    """An answer after which the connection ends."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # gunicorn drops the application's Connection header and says keep-alive unless its own
        # answer object, whose method start_response is, has been told to close.
        answer = getattr(start_response, "__self__", None)
        force_close = cast("Callable[[], None] | None", getattr(answer, "force_close", None))
        if force_close is not None:
            force_close()
        return super().__call__(environ, start_response)


def release(response: Response) -> Response:
    """After a request: end the connection if a large part of the body is still to come.

    gunicorn sees to small rests itself; a larger one it cuts off, and the answer may be lost.
    """
    environ = request.environ
    if WAS_READ in environ or environ.get("SERVER_PROTOCOL") == "HTTP/2.0":
        return response
    if "HTTP_TRANSFER_ENCODING" not in environ and _is_short(environ.get("CONTENT_LENGTH")):
        return response
    closing = cast("ClosingResponse", ClosingResponse.force_type(response))
    closing.headers["Connection"] = "close"
    sock = cast("socket.socket | None", environ.get("gunicorn.socket"))
    if sock is not None:
        closing.call_on_close(lambda: _linger(sock))
    return closing


def _is_short(length: str | None) -> bool:
    return not length or (length.isdecimal() and len(length) < 6 and int(length) < SERVER_DISCARDS)


def _linger(sock: socket.socket) -> None:
    """Discard what still arrives: a client that sends first and reads later must get its answer.

    Straight from the socket: the framing no longer matters, and only here is each wait bounded.
    """
    end = time.monotonic() + LINGER_SECONDS
    with suppress(OSError, ValueError):
        sock.shutdown(socket.SHUT_WR)
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(PIECE):
                break
    # gunicorn lingers once more, in the thread that accepts connections: not for this one.
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RD)
