"""Files of snapshots: what is written is read, and nothing else is taken for a snapshot."""

import json
import random
import struct
import zlib
from collections.abc import Iterable
from hashlib import sha256

import pytest

from service.core.snapshot_format import (
    BLOCK,
    LARGEST,
    Kind,
    Measured,
    Reader,
    UnreadableSnapshot,
    Writer,
    frame,
    in_blocks,
)

HEADER = b'{"namespace": "books"}'
JSON_ROWS = b'{"title": "Dune", "lang": "en"}' * 20_000
RANDOM_ROWS = random.Random(1).randbytes(200_000)


def file(*blocks: bytes, documents: int = 2, header: bytes = HEADER) -> bytes:
    writer = Writer()
    framed = [writer.header(header), *[writer.block(block) for block in blocks]]
    return b"".join([*framed, writer.trailer(documents)])


def cut(data: bytes, size: int) -> Iterable[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read(pieces: Iterable[bytes]) -> tuple[bytes, list[bytes], int]:
    reader = Reader(pieces)
    rows = list(reader.rows())
    return reader.header, rows, reader.documents


def read_by_the_description(data: bytes) -> tuple[object, bytes, int]:
    """Another reader, made from nothing but the text in ``core/snapshot_format.py``."""
    assert data[:8] == bytes.fromhex("89 56 53 4E 41 50 0D 0A")
    assert int.from_bytes(data[8:12], "big") == 1
    at, header, rows = 12, None, b""
    while True:
        kind = data[at : at + 1]
        length, check = struct.unpack(">II", data[at + 1 : at + 9])
        payload = data[at + 9 : at + 9 + length]
        assert zlib.crc32(payload) == check
        if kind == b"H":
            header = json.loads(payload)
        elif kind == b"R":
            rows += payload
        elif kind == b"Z":
            rows += zlib.decompress(payload)
        else:
            documents, size, digest = struct.unpack(">QQ32s", payload)
            assert (kind, size, digest) == (b"E", len(rows), sha256(data[:at]).digest())
            assert at + 9 + length == len(data)
            return header, rows, documents
        at += 9 + length


@pytest.mark.parametrize("blocks", [(), (b"",), (JSON_ROWS,), (RANDOM_ROWS, JSON_ROWS, b"x")])
def test_what_is_written_is_read(blocks: tuple[bytes, ...]):
    assert read([file(*blocks)]) == (HEADER, list(blocks), 2)


@pytest.mark.parametrize("size", [1, 7, 4096, 10**9])
def test_pieces_may_have_any_size(size: int):
    rows = RANDOM_ROWS[:5000]

    assert read(cut(file(rows, JSON_ROWS[:5000]), size)) == (HEADER, [rows, JSON_ROWS[:5000]], 2)


def test_empty_pieces_are_no_end():
    data = file(b"abc")

    assert read([b"", data[:20], b"", data[20:], b"", b""]) == (HEADER, [b"abc"], 2)


def test_the_description_is_enough_to_write_another_reader():
    data = file(RANDOM_ROWS, JSON_ROWS, documents=7)

    found = read_by_the_description(data)

    assert found == ({"namespace": "books"}, RANDOM_ROWS + JSON_ROWS, 7)


def test_what_shrinks_is_deflated_and_what_does_not_is_left_alone():
    assert len(file(JSON_ROWS)) < len(JSON_ROWS) / 10
    assert 0 < len(file(RANDOM_ROWS)) - len(RANDOM_ROWS) < 200


def test_a_file_is_measured_as_it_passes():
    data = file(RANDOM_ROWS)
    measured = Measured(cut(data, 1000))

    assert b"".join(measured) == data
    assert (measured.size, measured.checksum) == (len(data), sha256(data).hexdigest())


def test_a_file_that_is_cut_off_anywhere_is_refused():
    data = file(b"some rows", b"more")

    for end in range(len(data)):
        with pytest.raises(UnreadableSnapshot, match="cut off"):
            read([data[:end]])


def test_a_file_with_any_byte_changed_is_refused():
    data = file(b"some rows", JSON_ROWS[:2000])

    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 0x10
        with pytest.raises(UnreadableSnapshot):
            read([bytes(damaged)])


def test_a_file_without_one_of_its_frames_is_refused():
    writer = Writer()
    start, one, two = writer.header(HEADER), writer.block(b"one"), writer.block(b"two")
    end = writer.trailer(2)

    for frames in ((start, two, end), (start, one, end), (start, two, one, end), (start, end)):
        with pytest.raises(UnreadableSnapshot, match="trailer is that of another file"):
            read(frames)
    assert read((start, one, two, end))[1] == [b"one", b"two"]


def test_something_behind_the_end_is_refused():
    with pytest.raises(UnreadableSnapshot, match="behind its end"):
        read([file(b"rows"), b"", b"x"])


def test_another_version_is_named():
    data = bytearray(file(b"rows"))
    data[8:12] = (2).to_bytes(4, "big")

    with pytest.raises(
        UnreadableSnapshot, match="has version 2 of the format, this server reads 1"
    ):
        read([bytes(data)])


@pytest.mark.parametrize("data", [b"PK\x03\x04 a zip file", b"\0" * 100, b"<html></html>" * 3])
def test_other_files_are_no_snapshots(data: bytes):
    with pytest.raises(UnreadableSnapshot, match="no snapshot"):
        read([data])


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([frame(Kind.ROWS, b"rows")], "does not begin with its header"),
        ([frame(Kind.HEADER, HEADER)] * 2, "two headers"),
        ([frame(Kind.HEADER, HEADER), b"Q" + bytes(8)], "unknown frame"),
        ([frame(Kind.HEADER, HEADER), frame(Kind.TRAILER, b"short")], "length of its trailer"),
        ([frame(Kind.HEADER, HEADER), frame(Kind.DEFLATED, b"not deflated")], "be inflated"),
        (
            [frame(Kind.HEADER, HEADER), frame(Kind.DEFLATED, zlib.compress(b"rows") + b"x")],
            "wrong length",
        ),
        (
            [frame(Kind.HEADER, HEADER), struct.pack(">cII", b"R", LARGEST + 1, 0)],
            "absurd length",
        ),
    ],
)
def test_frames_that_make_no_sense_are_refused(frames: list[bytes], message: str):
    start = Writer().header(b"")[:12]

    with pytest.raises(UnreadableSnapshot, match=message):
        read([start, *frames])


def test_a_block_never_inflates_to_more_than_readers_hold():
    bomb = zlib.compress(bytes(LARGEST + 1), 9)
    start = Writer().header(HEADER)

    with pytest.raises(UnreadableSnapshot, match="wrong length"):
        read([start, frame(Kind.DEFLATED, bomb)])
    full = zlib.compress(bytes(LARGEST), 9)
    assert next(Reader([start, frame(Kind.DEFLATED, full)]).rows()) == bytes(LARGEST)


def test_a_writer_makes_no_frame_that_readers_refuse():
    with pytest.raises(ValueError, match="larger than readers take"):
        frame(Kind.ROWS, bytes(LARGEST + 1))
    assert LARGEST > BLOCK


@pytest.mark.parametrize("size", [1000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_blocks_are_of_one_size_whatever_they_are_made_of(size: int):
    data = random.Random(2).randbytes(3 * BLOCK + 17)

    blocks = list(
        in_blocks(memoryview(data)[start : start + size] for start in range(0, len(data), size))
    )

    assert [len(block) for block in blocks] == [BLOCK, BLOCK, BLOCK, 17]
    assert b"".join(blocks) == data
