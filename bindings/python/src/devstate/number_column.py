# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""NumberColumn: numbers to and from bytes, in every encoding of the format."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
import numpy.typing as npt

from . import table as t
from . import wire
from .columns import dtype_of
from .errors import malformed, unknown
from .table import Field

U64 = npt.NDArray[np.uint64]

# The parts of the message.
KIND, ENCODING, BASE, STEP, WIDTH, DATA, VALUES = range(1, 8)


class Kind(enum.IntEnum):
    """How a value becomes an unsigned number."""

    UNSIGNED = 1
    SIGNED = 2
    FLOAT = 3
    DOUBLE = 4
    BYTES = 5
    TEXT = 6


class Encoding(enum.IntEnum):
    """How the unsigned numbers are written."""

    PLAIN = 0
    CONSTANT = 1
    SEQUENCE = 2
    RUN_LENGTH = 3
    BYTE = 4
    DELTA_BYTE = 5
    FIXED = 6
    DICTIONARY = 7


_PARTS = {
    Encoding.PLAIN: {VALUES},
    Encoding.CONSTANT: {BASE},
    Encoding.SEQUENCE: {BASE, STEP},
    Encoding.RUN_LENGTH: {VALUES},
    Encoding.BYTE: {BASE, DATA, VALUES},
    Encoding.DELTA_BYTE: {BASE, DATA, VALUES},
    Encoding.FIXED: {BASE, WIDTH, DATA},
    Encoding.DICTIONARY: {DATA, VALUES},
}
_EXCEPTION = 255
_MAX_DICTIONARY = 256
_VARINTS = {KIND, ENCODING, BASE, STEP, WIDTH}


def kind_of(item: Field) -> Kind:
    """Returns the kind of a field's column."""
    if item.type == t.STRING:
        return Kind.TEXT
    if item.type == t.BYTES:
        return Kind.BYTES
    if item.type == t.FLOAT:
        return Kind.FLOAT
    if item.type == t.DOUBLE:
        return Kind.DOUBLE
    unsigned = (t.UINT32, t.UINT64, t.FIXED32, t.FIXED64, t.BOOL)
    return Kind.UNSIGNED if item.type in unsigned else Kind.SIGNED


def bits_of(item: Field) -> int:
    """Returns how many bits the unsigned numbers of a field may have."""
    if item.type == t.BOOL:
        return 1
    return int(dtype_of(item).itemsize) * 8


# --- Parts of a column ---

# Start and end of a column, or of a part, in the payload.
Place = tuple[int, int]
Parts = dict[int, Any]


def read_parts(data: bytes, place: Place, known: int, varints: set[int]) -> Parts:
    """Returns the parts of a column: a number, or start and end of bytes."""
    parts: Parts = {}
    at, end = place
    while at < end:
        number, wire_type, at = wire.read_tag(data, at, end)
        if number > known:
            if wire_type not in (wire.VARINT, wire.LENGTH):
                raise malformed(f"part {number} of the column has no wire type of one")
            raise unknown(f"column has an unknown part {number}: update the reader")
        if wire_type != (wire.VARINT if number in varints else wire.LENGTH):
            raise malformed(f"part {number} of the column has wire type {wire_type}")
        if number in parts:
            raise malformed(f"part {number} of the column occurs twice")
        if wire_type == wire.VARINT:
            parts[number], at = wire.read_varint(data, at, end)
        else:
            start, at = wire.read_length(data, at, end)
            parts[number] = (start, at)
    return parts


def check_kind(found: int, expected: Kind) -> None:
    """Refuses a column of another kind than the field has."""
    if found == expected:
        return
    if found > Kind.TEXT:
        raise unknown(f"column is of unknown kind {found}: update the reader")
    raise malformed(f"column is of kind {found}, the schema has {expected.name}")


# --- Varints, all at once ---


def decode_varints(data: npt.NDArray[np.uint8]) -> U64:
    """Returns the numbers of a packed field."""
    size = len(data)
    if size == 0:
        return np.zeros(0, np.uint64)
    if data[-1] > 0x7F:
        raise malformed("a varint is cut")
    more = data > 0x7F
    if not more.any():
        return data.astype(np.uint64)
    ends = np.flatnonzero(~more)
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts
    longest = int(lengths.max())
    if longest > 9:
        raise malformed("a varint has more than ten bytes")
    values = (data[starts] & 0x7F).astype(np.uint64)
    if longest == 9 and (data[ends[lengths == 9]] > 1).any():
        raise malformed("a varint has more than 64 bits")
    rows: Any = slice(None)
    for k in range(1, longest + 1):
        # Few varints are long: the rows that go on become fewer with each byte.
        going_on = lengths[rows] >= k
        if not going_on.all():
            rows = np.flatnonzero(lengths >= k)
        part = (data[starts[rows] + k] & 0x7F).astype(np.uint64)
        values[rows] |= part << np.uint64(7 * k)
    return values


def encode_varints(values: U64) -> bytes:
    """Returns the content of a packed field."""
    if len(values) == 0:
        return b""
    if values.max() < 0x80:
        return values.astype(np.uint8).tobytes()
    sizes = np.ones(len(values), np.int64)
    for k in range(1, 10):
        sizes += values >= np.uint64(1) << np.uint64(7 * k)
    ends = np.cumsum(sizes)
    out = np.zeros(int(ends[-1]), np.uint8)
    starts = ends - sizes
    rest = values.copy()
    for k in range(int(sizes.max())):
        rows = np.flatnonzero(sizes > k)
        low = (rest[rows] & np.uint64(0x7F)).astype(np.uint8)
        goes_on = (sizes[rows] > k + 1).astype(np.uint8) << 7
        out[starts[rows] + k] = low | goes_on
        rest[rows] >>= np.uint64(7)
    return out.tobytes()


# --- Reading ---


def decode_unsigned(
    data: bytes, place: Place, kind: Kind, bits: int, count: int
) -> U64:
    """Returns the unsigned numbers of the column at `place`."""
    if count == 0:
        raise malformed("column without a row")
    parts = read_parts(data, place, VALUES, _VARINTS)
    check_kind(parts.get(KIND, 0), kind)
    encoding = parts.get(ENCODING, 0)
    if encoding > Encoding.DICTIONARY:
        raise unknown(f"column has unknown encoding {encoding}: update the reader")
    used = _PARTS[encoding]
    for part in parts:
        if part > ENCODING and part not in used:
            raise malformed(
                f"column has a part {part}, which {Encoding(encoding).name} does not "
                "use"
            )
    values = _decode(data, parts, encoding, count)
    if bits < 64 and int(values.max()) >> bits:
        raise malformed(f"a value does not fit {bits} bits")
    return values


def _bytes_part(data: bytes, parts: Parts, part: int) -> npt.NDArray[np.uint8]:
    start, end = parts.get(part, (0, 0))
    return np.frombuffer(data, np.uint8, end - start, start)


def _decode(data: bytes, parts: Parts, encoding: int, count: int) -> U64:
    base = np.uint64(parts.get(BASE, 0))
    if encoding == Encoding.CONSTANT:
        return np.full(count, base, np.uint64)
    if encoding == Encoding.SEQUENCE:
        step = np.uint64(parts.get(STEP, 0))
        return base + np.arange(count, dtype=np.uint64) * step
    if encoding == Encoding.FIXED:
        return base + _decode_fixed(data, parts, count)
    values = decode_varints(_bytes_part(data, parts, VALUES))
    if encoding == Encoding.PLAIN:
        if len(values) != count:
            raise malformed(f"column has {len(values)} values for {count} rows")
        return values
    if encoding == Encoding.RUN_LENGTH:
        return _decode_runs(values, count)
    stored = _bytes_part(data, parts, DATA)
    if len(stored) != count:
        raise malformed(f"column has {len(stored)} bytes of data for {count} rows")
    if encoding == Encoding.DICTIONARY:
        if len(values) > _MAX_DICTIONARY:
            raise malformed(f"column has a dictionary of {len(values)} values")
        if int(stored.max()) >= len(values):
            raise malformed(f"column has no value with index {int(stored.max())}")
        return values[stored]
    numbers = stored.astype(np.uint64)
    exceptions = np.flatnonzero(stored == _EXCEPTION)
    if len(exceptions) != len(values):
        raise malformed(
            f"column has {len(values)} values for {len(exceptions)} exceptions"
        )
    numbers[exceptions] = values
    if encoding == Encoding.BYTE:
        return base + numbers
    return base + np.cumsum(from_zigzag(numbers).view(np.uint64), dtype=np.uint64)


def _decode_fixed(data: bytes, parts: Parts, count: int) -> U64:
    width = parts.get(WIDTH, 0)
    if not 1 <= width <= 8:
        raise malformed(f"column has the width {width}, expected 1 to 8 bytes")
    stored = _bytes_part(data, parts, DATA)
    if len(stored) != count * width:
        raise malformed(f"column has {len(stored)} bytes of data for {count} rows")
    if width in (1, 2, 4, 8):
        return stored.view(f"<u{width}").astype(np.uint64)
    wide = np.zeros((count, 8), np.uint8)
    wide[:, :width] = stored.reshape(count, width)
    return wide.view("<u8").reshape(count).astype(np.uint64)


def _decode_runs(values: U64, count: int) -> U64:
    if len(values) % 2:
        raise malformed("column has a run without a length")
    lengths = values[1::2]
    if len(lengths) == 0 or int(lengths.min()) == 0 or int(lengths.max()) > count:
        raise malformed("column has a run of a length that is not there")
    # No sum wraps: each length is at most a batch's rows.
    if len(lengths) > count or int(lengths.sum()) != count:
        raise malformed(f"column has runs that are not of {count} rows")
    return np.repeat(values[::2], lengths.astype(np.int64))


def from_zigzag(numbers: U64) -> npt.NDArray[np.int64]:
    """Returns the numbers with a sign that unsigned ones stand for."""
    one = np.uint64(1)
    sign = np.uint64(0) - (numbers & one)
    return ((numbers >> one) ^ sign).view(np.int64)


def to_zigzag(values: npt.NDArray[np.int64]) -> U64:
    """Returns the unsigned numbers that stand for numbers with a sign."""
    return ((values << 1) ^ (values >> 63)).view(np.uint64)


def decode_numbers(
    data: bytes, place: Place, item: Field, count: int
) -> npt.NDArray[Any]:
    """Returns the values of a number field."""
    kind = kind_of(item)
    numbers = decode_unsigned(data, place, kind, bits_of(item), count)
    dtype = dtype_of(item)
    if kind is Kind.SIGNED:
        values = from_zigzag(numbers)
        if item.enum is not None:
            _check_named(item, values)
        return values.astype(dtype, copy=False)
    if kind is Kind.FLOAT:
        return numbers.astype(np.uint32).view(dtype)
    if kind is Kind.DOUBLE:
        return numbers.view(dtype)
    return numbers.astype(dtype, copy=False)


def _check_named(item: Field, values: npt.NDArray[np.int64]) -> None:
    assert item.enum is not None
    if len(values) and (values == values[0]).all():
        values = values[:1]
    named = np.isin(values, np.array(sorted(item.enum.names), np.int64))
    if not named.all():
        raise unknown(
            f"a row has the value {int(values[~named][0])}, which "
            f"{item.enum.full_name} does not name: update the reader"
        )


# --- Writing ---


def to_unsigned(item: Field, values: npt.NDArray[Any]) -> U64:
    """Returns the unsigned numbers of an array of the field's type."""
    kind = kind_of(item)
    if kind is Kind.SIGNED:
        return to_zigzag(values.astype(np.int64))
    if kind is Kind.FLOAT:
        return values.astype(np.float32).view(np.uint32).astype(np.uint64)
    if kind is Kind.DOUBLE:
        return values.astype(np.float64).view(np.uint64)
    return values.astype(np.uint64)


def choose_encoding(numbers: U64) -> Encoding:
    """Returns a cheap encoding for numbers, of which there is at least one."""
    if (numbers == numbers[0]).all():
        return Encoding.CONSTANT
    steps = np.diff(numbers)
    return Encoding.SEQUENCE if (steps == steps[0]).all() else Encoding.PLAIN


def encode_unsigned(kind: Kind, numbers: U64, encoding: Encoding) -> bytes:
    """Returns a NumberColumn of `numbers` in this very encoding.

    ValueError if the encoding cannot hold them.
    """
    parts = [wire.number_field(KIND, kind), wire.number_field(ENCODING, encoding)]
    count = len(numbers)
    if encoding is Encoding.PLAIN:
        parts.append(wire.bytes_field(VALUES, encode_varints(numbers)))
    elif encoding is Encoding.CONSTANT:
        parts.append(wire.number_field(BASE, int(numbers[0])))
    elif encoding is Encoding.SEQUENCE:
        step = np.diff(numbers[:2]).sum()
        parts.append(wire.number_field(BASE, int(numbers[0])))
        parts.append(wire.number_field(STEP, int(step)))
    elif encoding is Encoding.RUN_LENGTH:
        starts = np.flatnonzero(np.diff(numbers, prepend=~numbers[:1]))
        runs = np.empty(2 * len(starts), np.uint64)
        runs[::2] = numbers[starts]
        runs[1::2] = np.diff(starts, append=count)
        parts.append(wire.bytes_field(VALUES, encode_varints(runs)))
    elif encoding is Encoding.BYTE:
        base = numbers.min()
        parts += _with_exceptions(int(base), numbers - base)
    elif encoding is Encoding.DELTA_BYTE:
        deltas = np.diff(numbers, prepend=numbers[:1]).view(np.int64)
        parts += _with_exceptions(int(numbers[0]), to_zigzag(deltas))
    elif encoding is Encoding.FIXED:
        base = numbers.min()
        rest = numbers - base
        width = max(1, (int(rest.max()).bit_length() + 7) // 8)
        stored = rest.astype("<u8").view(np.uint8).reshape(count, 8)[:, :width]
        parts.append(wire.number_field(BASE, int(base)))
        parts.append(wire.number_field(WIDTH, width))
        parts.append(wire.bytes_field(DATA, stored.tobytes()))
    else:
        values, indices = np.unique(numbers, return_inverse=True)
        if len(values) > _MAX_DICTIONARY:
            raise ValueError(f"{len(values)} values are too many for a dictionary")
        parts.append(wire.bytes_field(DATA, indices.astype(np.uint8).tobytes()))
        parts.append(wire.bytes_field(VALUES, encode_varints(values)))
    return b"".join(parts)


def _with_exceptions(base: int, numbers: U64) -> list[bytes]:
    exceptions = numbers >= _EXCEPTION
    stored = np.where(exceptions, np.uint64(_EXCEPTION), numbers).astype(np.uint8)
    parts = [
        wire.number_field(BASE, base),
        wire.bytes_field(DATA, stored.tobytes()),
    ]
    if exceptions.any():
        values = encode_varints(numbers[exceptions])
        parts.append(wire.bytes_field(VALUES, values))
    return parts
