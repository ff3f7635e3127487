# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""BytesColumn: strings and bytes to and from columns, in both layouts."""

from __future__ import annotations

import enum

import numpy as np
import numpy.typing as npt

from . import wire
from .columns import Strings
from .errors import malformed, unknown
from .number_column import (
    Encoding,
    Kind,
    Place,
    check_kind,
    choose_encoding,
    decode_unsigned,
    encode_unsigned,
    read_parts,
)
from .sizes import Budget

# The parts of the message.
KIND, LAYOUT, LENGTHS, DATA, WORD0 = range(1, 6)
MAX_WORDS = 8
WORD_BYTES = 4


class Layout(enum.IntEnum):
    """Where the bytes of the values are."""

    CONCATENATED = 0
    WORDS = 1


def decode_strings(
    data: bytes, place: Place, kind: Kind, count: int, budget: Budget
) -> Strings:
    """Returns the values of the column at `place`."""
    parts = read_parts(data, place, WORD0 + MAX_WORDS - 1, {KIND, LAYOUT})
    check_kind(parts.get(KIND, 0), kind)
    layout = parts.get(LAYOUT, 0)
    if layout > Layout.WORDS:
        raise unknown(f"column has unknown layout {layout}: update the reader")
    lengths = np.zeros(count, np.uint64)
    if LENGTHS in parts:
        lengths = decode_unsigned(data, parts[LENGTHS], Kind.UNSIGNED, 32, count)
    words = [part for part in parts if part >= WORD0]
    if layout == Layout.WORDS:
        if DATA in parts:
            raise malformed("column has words and data")
        stored = _decode_words(data, parts, lengths, count, budget)
    else:
        if words:
            raise malformed("concatenated column has words")
        start, stop = parts.get(DATA, (0, 0))
        # Each length has 32 bits and a batch has few rows: the sum does not wrap.
        total = int(lengths.sum())
        if total != stop - start:
            raise malformed(
                f"column has {stop - start} bytes of data, its lengths add up to "
                f"{total}"
            )
        budget.charge(1, total)
        stored = np.frombuffer(data, np.uint8, total, start)
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(lengths.astype(np.int64), out=offsets[1:])
    strings = Strings(offsets, stored, kind is Kind.TEXT)
    if kind is Kind.TEXT:
        _check_utf8(strings)
    return strings


def _decode_words(
    data: bytes,
    parts: dict[int, tuple[int, int]],
    lengths: npt.NDArray[np.uint64],
    count: int,
    budget: Budget,
) -> npt.NDArray[np.uint8]:
    length = int(lengths[0]) if count else 0
    if (
        length == 0
        or length % WORD_BYTES
        or length > MAX_WORDS * WORD_BYTES
        or not (lengths == length).all()
    ):
        raise malformed(
            "column of words whose values are not all of one length, a multiple of 4 "
            "from 4 to 32"
        )
    words = length // WORD_BYTES
    if any(part >= WORD0 + words for part in parts):
        raise malformed("column has more words than its values")
    budget.charge(count, length)
    stored = np.zeros((count, words), "<u4")
    for word in range(words):
        if WORD0 + word in parts:
            stored[:, word] = decode_unsigned(
                data, parts[WORD0 + word], Kind.UNSIGNED, 32, count
            )
    return stored.view(np.uint8).reshape(-1)


def _check_utf8(strings: Strings) -> None:
    """Refuses values that are not valid UTF-8, each by itself."""
    data = strings.data
    if len(data) == 0 or int(data.max()) < 0x80:
        return
    try:
        data.tobytes().decode("utf-8")
    except UnicodeDecodeError as error:
        row = int(np.searchsorted(strings.offsets, error.start, "right")) - 1
        raise malformed(f"row {row} is not valid UTF-8") from None
    # All of them together are: so each is, unless one begins within a character.
    starts = strings.offsets[:-1]
    starts = starts[starts < len(data)]
    broken = np.flatnonzero((data[starts] & 0xC0) == 0x80)
    if len(broken):
        row = int(np.searchsorted(strings.offsets, starts[broken[0]], "right")) - 1
        raise malformed(f"row {row} is not valid UTF-8")


def encode_strings(
    kind: Kind,
    values: list[bytes],
    layout: Layout = Layout.CONCATENATED,
    lengths_encoding: Encoding | None = None,
    words_encoding: Encoding = Encoding.PLAIN,
) -> bytes:
    """Returns a BytesColumn in this very layout.

    The lengths take a cheap encoding unless one is given.
    """
    lengths = np.array([len(value) for value in values], np.uint64)
    parts = [wire.number_field(KIND, kind), wire.number_field(LAYOUT, layout)]
    if lengths.any():
        encoding = lengths_encoding
        if encoding is None:
            encoding = choose_encoding(lengths)
        column = encode_unsigned(Kind.UNSIGNED, lengths, encoding)
        parts.append(wire.bytes_field(LENGTHS, column))
    joined = b"".join(values)
    if layout is Layout.CONCATENATED:
        if joined:
            parts.append(wire.bytes_field(DATA, joined))
        return b"".join(parts)
    words = np.frombuffer(joined, "<u4").reshape(len(values), -1).astype(np.uint64)
    for index in range(words.shape[1]):
        numbers = words[:, index]
        if numbers.any():
            column = encode_unsigned(Kind.UNSIGNED, numbers, words_encoding)
            parts.append(wire.bytes_field(WORD0 + index, column))
    return b"".join(parts)
