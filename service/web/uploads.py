"""A file in the body of a request, in pieces as it comes: the body itself, or the file of a form.

Files may be larger than memory. Nothing is kept here, and nothing is known of what the bytes mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from service.core.errors import InvalidRequest
from service.web.body import PIECE, WAS_READ

FORM = "multipart/form-data"
# what a form may have beside its file; a decoder never holds more than this
MOST_HELD = 1024 * 1024
MOST_PARTS = 16
# of a boundary: "--" and the end of the line
LONGEST_END = 4


def read_upload() -> Iterator[bytes]:
    """The pieces of the file that the current request brings.

    Raises:
        InvalidRequest: for a body that cannot be read to its end, or a form without a file.
    """
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if coding != "identity":
        raise InvalidRequest(f"Content-Encoding {coding[:40]!r} is not supported for files")
    if request.mimetype != FORM:
        return pieces()
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary:
        raise InvalidRequest("the Content-Type of the form names no boundary")
    return file_in_form(boundary.encode(), pieces())


def pieces() -> Iterator[bytes]:
    """The body as it comes."""
    while piece := read(PIECE):
        yield piece
    request.environ[WAS_READ] = True


def read(size: int) -> bytes:
    try:
        return request.stream.read(size)
    except MemoryError:
        raise
    except Exception as error:
        # Every server has its own classes for a broken chunk or a client that went away.
        raise InvalidRequest("the request body could not be read to its end") from error


def file_in_form(boundary: bytes, body: Iterable[bytes]) -> Iterator[bytes]:
    """The first file of a form; other parts are passed over."""
    decoder = MultipartDecoder(boundary, MOST_HELD, max_parts=MOST_PARTS)
    files, within = 0, False
    for event in events(decoder, body):
        match event:
            case File():
                files += 1
                within = files == 1
            case Field():
                within = False
            case Data(data=data) if within and data:
                yield data
            case _:
                pass
    if not files:
        raise InvalidRequest("the form has no file")


def events(decoder: MultipartDecoder, body: Iterable[bytes]) -> Iterator[Event]:
    try:
        for piece in chain(body, (None,)):
            decoder.receive_data(piece)
            # a boundary whose last characters are still to come is taken for data, in part
            if piece is not None and ends_with_boundary(decoder):
                continue
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                yield event
    except (ValueError, RequestEntityTooLarge) as error:
        raise InvalidRequest("the body is not a form, although Content-Type says so") from error


def ends_with_boundary(decoder: MultipartDecoder) -> bool:
    boundary = b"--" + decoder.boundary
    return boundary in decoder.buffer[-len(boundary) - LONGEST_END :]
