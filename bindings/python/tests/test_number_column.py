# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Every encoding of numbers, there and back and damaged."""

from __future__ import annotations

import random

import numpy as np
import pytest

from devstate.errors import Fault
from devstate.number_column import (
    Encoding,
    Kind,
    decode_unsigned,
    decode_varints,
    encode_unsigned,
    encode_varints,
)

MAX = (1 << 64) - 1


def decode(column: bytes, count: int, bits: int = 64) -> list[int]:
    place = (0, len(column))
    numbers = decode_unsigned(column, place, Kind.UNSIGNED, bits, count)
    return [int(number) for number in numbers]


# docs/stream_format.md, "NumberColumn": the columns that it takes apart.
@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        ("08 01 3a 03 05 00 07", [5, 0, 7]),
        ("08 01 10 01 18 09", [9, 9, 9]),
        ("08 01 10 02 18 0a 20 02", [10, 12, 14]),
        ("08 01 10 03 3a 04 08 03 09 01", [8, 8, 8, 9]),
        ("08 01 10 04 18 64 32 03 00 ff 01 3a 02 e8 07", [100, 1100, 101]),
        ("08 01 10 05 18 64 32 03 00 02 ff 3a 02 e6 07", [100, 101, 600]),
        ("08 01 10 06 18 01 28 03 32 06 01 00 00 00 01 00", [2, 257]),
        ("08 01 10 07 32 03 00 01 00 3a 04 07 f0 a2 04", [7, 70000, 7]),
    ],
)
def test_columns_of_the_document_are_read(column: str, numbers: list[int]) -> None:
    assert decode(bytes.fromhex(column), len(numbers)) == numbers


@pytest.mark.parametrize("encoding", list(Encoding))
def test_every_encoding_comes_back(encoding: Encoding) -> None:
    random.seed(encoding)
    for case in range(200):
        count = random.randint(1, 40)
        if encoding is Encoding.CONSTANT:
            numbers = [random.getrandbits(64)] * count
        elif encoding is Encoding.SEQUENCE:
            base, step = random.getrandbits(64), random.getrandbits(64)
            numbers = [(base + i * step) & MAX for i in range(count)]
        else:
            bits = random.choice([1, 7, 8, 14, 32, 63, 64])
            pool = [random.getrandbits(bits) for _ in range(random.randint(1, count))]
            numbers = [random.choice(pool) for _ in range(count)]
        array = np.array(numbers, np.uint64)
        column = encode_unsigned(Kind.UNSIGNED, array, encoding)
        assert decode(column, count) == numbers, case


def test_varints_of_every_length_come_back() -> None:
    edges = {0, 1, MAX} | {
        (1 << 7 * k) + delta for k in range(1, 10) for delta in (-1, 0, 1)
    }
    numbers = np.array(sorted(edges), np.uint64)
    data = np.frombuffer(encode_varints(numbers), np.uint8)
    assert decode_varints(data).tolist() == sorted(edges)


def test_long_forms_of_small_numbers_are_read() -> None:
    data = np.frombuffer(
        b"\x81\x80\x80\x00\x05\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", np.uint8
    )
    assert decode_varints(data).tolist() == [1, 5, 1 << 63]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x80", "cut"),
        (b"\x80" * 9 + b"\x02", "64 bits"),
        (b"\x80" * 10 + b"\x00", "ten bytes"),
    ],
)
def test_bad_varints_are_refused(data: bytes, text: str) -> None:
    with pytest.raises(Fault, match=text):
        decode_varints(np.frombuffer(data, np.uint8))


def test_numbers_beyond_their_bits_are_refused() -> None:
    column = encode_unsigned(
        Kind.UNSIGNED, np.array([1 << 32], np.uint64), Encoding.PLAIN
    )
    assert decode(column, 1) == [1 << 32]
    with pytest.raises(Fault, match="does not fit 32 bits"):
        decode(column, 1, bits=32)


def test_a_column_without_a_row_is_refused() -> None:
    with pytest.raises(Fault, match="without a row"):
        decode(bytes.fromhex("08 01"), 0)
