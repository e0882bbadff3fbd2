"""Files in bodies: taken out of forms to the last byte, however the body is cut into pieces."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from service.core.errors import InvalidRequest
from service.web.uploads import MOST_HELD, file_in_form

BOUNDARY = b"xx"
FIELD = b'--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n'
FILE = b'--xx\r\nContent-Disposition: form-data; name="b"; filename="c"\r\n\r\n'
END = b"--xx--\r\n"
CONTENTS = [
    b"",
    b"\r",
    b"\n",
    b"\r\n",
    b"abc\r\n",
    b"\r\n--x",
    b"\r\n--xy--\r\n",
    b"a--xx--xx",
    b"\x89VSNAP\r\n\0\0\0\1",
    random.Random(1).randbytes(3000),
]


def cut(data: bytes, size: int) -> Iterable[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def taken(body: bytes, size: int) -> bytes:
    return b"".join(file_in_form(BOUNDARY, cut(body, size)))


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("size", [*range(1, 24), 1000, 10**6])
def test_a_file_is_taken_out_of_a_form(content: bytes, size: int):
    file = FILE + content + b"\r\n"

    assert taken(file + END, size) == content
    assert taken(FIELD + file + FIELD + END, size) == content
    assert taken(file + b"--xx--", size) == content


@pytest.mark.parametrize("size", [5, 10**6])
def test_the_first_file_is_the_one(size: int):
    assert taken(FILE + b"one\r\n" + FILE + b"two\r\n" + END, size) == b"one"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not a form"),
        (b"no form", "not a form"),
        (b"x" * (MOST_HELD + 1), "not a form"),
        (FILE + b"without an end", "not a form"),
        (b"--xx\r\nno disposition: x\r\n\r\n1\r\n" + END, "not a form"),
        (FIELD * 20 + END, "not a form"),
        (END, "no file"),
        (FIELD + END, "no file"),
    ],
)
def test_what_is_no_form_with_a_file_is_refused(body: bytes, words: str):
    with pytest.raises(InvalidRequest, match=words):
        taken(body, 200_000)
