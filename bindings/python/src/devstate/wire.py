# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Pieces of the Protocol Buffers wire format, read strictly."""

from __future__ import annotations

from .errors import malformed

VARINT = 0
FIXED64 = 1
LENGTH = 2
GROUP = 3
END_GROUP = 4
FIXED32 = 5

MAX_UINT64 = (1 << 64) - 1
# As the parsers of protobuf have it.
MAX_DEPTH = 100
MAX_TAG_SIZE = 5
MAX_LENGTH_SIZE = 5


def read_varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Returns the number at `at` and the position after it."""
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > MAX_UINT64:
                raise malformed("a varint has more than 64 bits")
            return value, at
        shift += 7
        if shift == 70:
            raise malformed("a varint has more than ten bytes")
    raise malformed("a varint is cut")


def read_tag(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Returns number and wire type of a field and the position after its tag."""
    tag, after = read_varint(data, at, end)
    number = tag >> 3
    if number == 0 or tag > 0xFFFFFFFF or after - at > MAX_TAG_SIZE:
        raise malformed(f"a field has the tag {tag}")
    return number, tag & 7, after


def read_length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Returns start and end of a length-delimited value whose length is at `at`."""
    size, after = read_varint(data, at, end)
    if after - at > MAX_LENGTH_SIZE:
        raise malformed("a length has more than five bytes")
    if size > end - after:
        raise malformed(f"a value of {size} bytes is cut")
    return after, after + size


def skip(
    data: bytes, at: int, end: int, number: int, wire_type: int, depth: int
) -> int:
    """Returns the position after a value, whatever it is."""
    if wire_type == VARINT:
        return read_varint(data, at, end)[1]
    if wire_type == LENGTH:
        return read_length(data, at, end)[1]
    if wire_type in (FIXED32, FIXED64):
        size = 4 if wire_type == FIXED32 else 8
        if size > end - at:
            raise malformed("a number is cut")
        return at + size
    if wire_type != GROUP:
        raise malformed(f"field {number} has the wire type {wire_type}")
    if depth >= MAX_DEPTH:
        raise malformed(f"messages nest deeper than {MAX_DEPTH}")
    while True:
        inner, inner_type, at = read_tag(data, at, end)
        if inner_type == END_GROUP:
            if inner != number:
                raise malformed(f"group {number} ends as group {inner}")
            return at
        at = skip(data, at, end, inner, inner_type, depth + 1)


def varint(value: int) -> bytes:
    """Returns a number below 2^64 as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire_type: int) -> bytes:
    """Returns the tag of a field."""
    return varint(number << 3 | wire_type)


def number_field(number: int, value: int) -> bytes:
    """Returns a varint field; nothing for 0, which proto3 leaves out."""
    return tag(number, VARINT) + varint(value) if value else b""


def bytes_field(number: int, value: bytes) -> bytes:
    """Returns a length-delimited field."""
    return tag(number, LENGTH) + varint(len(value)) + value


def zigzag(value: int) -> int:
    """Returns the unsigned number that stands for one with a sign."""
    return value * 2 if value >= 0 else -value * 2 - 1


def unzigzag(number: int) -> int:
    """Returns the number with a sign that `number` stands for."""
    return number >> 1 if number & 1 == 0 else -(number >> 1) - 1
