# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Columns built by hand, and values of each type that are worth a case."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from devstate import table as t
from devstate import wire
from devstate.columns import dtype_of
from devstate.number_column import Encoding, Kind, encode_unsigned, kind_of, to_unsigned
from devstate.table import Field, Message
from devstate.values import EnumValue

from .kit import schema
from .streams import field

KIND, ENCODING, BASE, STEP, WIDTH, DATA, VALUES = range(1, 8)
LAYOUT, LENGTHS, TEXT_DATA, WORD0 = 2, 3, 4, 5

# Edges of each type, small numbers first; those of 1 byte make runs and bytes.
_EDGES: dict[str, list[Any]] = {
    "int32": [0, 1, -1, 127, -128, 300, 2**31 - 1, -(2**31)],
    "int64": [0, 1, -1, 127, -300, 2**32, 2**63 - 1, -(2**63)],
    "uint32": [0, 1, 127, 128, 255, 256, 70000, 2**32 - 1],
    "uint64": [0, 1, 127, 128, 255, 2**32, 2**63, 2**64 - 1],
    "bool": [False, True, True, False, False, False, True, True],
    "float": [0.0, 1.0, -2.5, 0.1, 3.4028234663852886e38, 1e-45, float("inf"), 2.0],
    "double": [0.0, 1.0, -2.5, 0.1, 1.7976931348623157e308, 5e-324, float("-inf"), 2.0],
}
_ALIASES = {
    "sint32": "int32",
    "sfixed32": "int32",
    "sint64": "int64",
    "sfixed64": "int64",
    "fixed32": "uint32",
    "fixed64": "uint64",
}


def edges(item: Field) -> list[Any]:
    """Returns values of a number field, the zero first."""
    if item.enum is not None:
        names = item.enum.names
        return [
            EnumValue(n, names[n]) for n in sorted(names, key=lambda n: (n != 0, n))
        ]
    name = item.type_text
    values = _EDGES[_ALIASES.get(name, name)]
    if name == "float":
        return [struct.unpack("<f", struct.pack("<f", value))[0] for value in values]
    return values


def values_for(item: Field, encoding: Encoding) -> list[Any]:
    """Returns values that a column of this encoding can hold."""
    values = edges(item)
    if encoding is Encoding.CONSTANT:
        return [values[-1]] * 3
    if encoding is Encoding.SEQUENCE:
        return sequence(item)
    if encoding is Encoding.RUN_LENGTH:
        return [values[1]] * 3 + [values[0]] + [values[-1]] * 2
    return values


def sequence(item: Field) -> list[Any]:
    """Returns values whose unsigned numbers have one step, which may wrap around."""
    if item.type == t.BOOL:
        return [False, True]
    if item.enum is not None:
        return [EnumValue(0, item.enum.names[0]), EnumValue(1, item.enum.names[1])]
    bits = dtype_of(item).itemsize * 8
    # Downwards, so that the step is a large number.
    numbers = np.array([30, 20, 10, 0], np.uint64)
    if bits == 64:
        numbers = np.array([2**64 - 5, 2, 9], np.uint64)
    return numbers_to_values(item, numbers)


def numbers_to_values(item: Field, numbers: Any) -> list[Any]:
    """Returns the values that unsigned numbers stand for."""
    from devstate.number_column import from_zigzag

    kind = kind_of(item)
    if kind is Kind.SIGNED:
        return list(from_zigzag(numbers).tolist())
    if kind is Kind.FLOAT:
        return list(numbers.astype(np.uint32).view(np.float32).tolist())
    if kind is Kind.DOUBLE:
        return list(numbers.view(np.float64).tolist())
    return list(numbers.tolist())


def number_column(item: Field, values: list[Any], encoding: Encoding) -> bytes:
    """Returns a column of a field in this encoding."""
    numbers = to_unsigned(item, np.array(values, dtype_of(item)))
    return encode_unsigned(kind_of(item), numbers, encoding)


def unsigned(numbers: list[int], encoding: Encoding = Encoding.PLAIN) -> bytes:
    """Returns a column of kind UNSIGNED."""
    return encode_unsigned(Kind.UNSIGNED, np.array(numbers, np.uint64), encoding)


def occurrences(counts: list[int], values: bytes | None = None) -> bytes:
    """Returns an occurrences message; without `values` there is no such part."""
    made = field(1, unsigned(counts))
    return made if values is None else made + field(2, values)


def parts(*pairs: tuple[int, int | bytes]) -> bytes:
    """Returns a column of these parts in this order."""
    made = b""
    for number, value in pairs:
        if isinstance(value, int):
            made += wire.tag(number, wire.VARINT) + wire.varint(value)
        else:
            made += field(number, value)
    return made


def packed(*numbers: int) -> bytes:
    """Returns the content of a packed field."""
    return b"".join(wire.varint(number) for number in numbers)


def texts(kind: Kind, values: list[bytes]) -> bytes:
    """Returns a plain column of strings or bytes."""
    lengths = unsigned([len(value) for value in values])
    return parts((KIND, kind), (LENGTHS, lengths), (TEXT_DATA, b"".join(values)))


def record_of(table: str, name: str = "everything") -> Message:
    """Returns the message of a table's records."""
    message = schema(name).root.by_name[table].message
    assert message is not None
    return message
