"""Answers are gzipped for clients that accept it, when that is worth the time.

Official clients test both sides: a small answer must not be compressed, a large one must, and one
to ``Accept-Encoding: identity`` must have no Content-Encoding at all. It never looks into a body.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

from flask import Flask, Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

LEAST_BYTES = 1024
LEVEL = 1  # answers are made once: more effort costs more than the network gains
GZIP = 16 + zlib.MAX_WBITS


def install(app: Flask) -> None:
    """Compress the answers of ``app``."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    """``response``, gzipped if the client takes that and it is large enough."""
    if not _is_compressible(response):
        return response
    body = response.get_data()
    if len(body) < LEAST_BYTES:
        return response
    response.vary.add("Accept-Encoding")
    if accepts_gzip(request.environ.get("HTTP_ACCEPT_ENCODING", "")):
        # set_data corrects Content-Length too
        response.set_data(zlib.compress(body, LEVEL, GZIP))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _is_compressible(response: Response) -> bool:
    return (
        request.method != "HEAD"
        and response.status_code not in (204, 206, 304)
        and not response.is_streamed
        and not response.direct_passthrough
        and "Content-Encoding" not in response.headers
    )


@lru_cache(maxsize=64)
def accepts_gzip(header: str) -> bool:
    """Whether Accept-Encoding allows gzip and does not prefer the plain answer."""
    accepted = parse_accept_header(header, Accept)
    gzip = accepted.quality("gzip")
    return gzip > 0 and gzip >= accepted.quality("identity")
