# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Columns in memory: what the fields of many records hold, as numpy arrays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .table import Field, Message

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Numbers:
    """Numbers, bools or enum numbers, one for each row."""

    values: Array

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Strings:
    """Strings or bytes: row i is `data[offsets[i]:offsets[i + 1]]`."""

    offsets: Array
    data: Array
    text: bool

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def lengths(self) -> Array:
        """Returns the length of each value in bytes."""
        return np.diff(self.offsets)

    def tolist(self) -> list[Any]:
        """Returns the values as str, or as bytes."""
        data = self.data.tobytes()
        bounds = self.offsets.tolist()
        pairs = itertools.pairwise(bounds)
        if not self.text:
            return [data[start:end] for start, end in pairs]
        if data.isascii():
            whole = data.decode("ascii")
            return [whole[start:end] for start, end in pairs]
        return [data[start:end].decode() for start, end in pairs]


@dataclass(frozen=True)
class Occurrences:
    """A field that does not occur once in each row.

    `counts` says how often it occurs in each: bool for an optional field, a
    message and a member of a oneof, uint32 for a repeated field or a map. `values`
    has the values of all rows, one after the other.
    """

    counts: Array
    values: Column

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True)
class Columns:
    """Messages, one for each row, as a column for each field."""

    message: Message
    rows: int
    fields: dict[str, Column]

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, path: str) -> Any:
        """Returns what a path such as "path.name" leads to.

        That is an array for numbers, else Strings, Occurrences or Columns. Parts of
        a message are those of the rows that have it.
        """
        found: Column = self
        for name in path.split("."):
            if isinstance(found, Occurrences):
                found = found.values
            if not isinstance(found, Columns) or name not in found.fields:
                raise KeyError(f"{self.message.full_name} has no column {path!r}")
            found = found.fields[name]
        return found.values if isinstance(found, Numbers) else found

    def sizes(self) -> dict[str, int]:
        """Returns how many bytes the arrays of each path take."""
        found: dict[str, int] = {}
        waiting: list[tuple[str, Column]] = list(self.fields.items())
        while waiting:
            path, column = waiting.pop()
            taken = 0
            if isinstance(column, Occurrences):
                taken = column.counts.nbytes
                column = column.values
            if isinstance(column, Columns):
                waiting += [(f"{path}.{n}", c) for n, c in column.fields.items()]
            elif isinstance(column, Strings):
                taken += column.offsets.nbytes + column.data.nbytes
            elif isinstance(column, Numbers):
                taken += column.values.nbytes
            found[path] = taken
        return found

    def __contains__(self, path: object) -> bool:
        try:
            self[str(path)]
        except KeyError:
            return False
        return True


Column = Numbers | Strings | Occurrences | Columns

_DTYPES: dict[int, Any] = {}


def dtype_of(item: Field) -> Any:
    """Returns the type of a number field's array."""
    from . import table as t

    if not _DTYPES:
        for types, dtype in (
            ((t.UINT32, t.FIXED32), np.uint32),
            ((t.UINT64, t.FIXED64), np.uint64),
            ((t.INT32, t.SINT32, t.SFIXED32, t.ENUM), np.int32),
            ((t.INT64, t.SINT64, t.SFIXED64), np.int64),
            ((t.FLOAT,), np.float32),
            ((t.DOUBLE,), np.float64),
            ((t.BOOL,), np.bool_),
        ):
            for type_ in types:
                _DTYPES[type_] = np.dtype(dtype)
    return _DTYPES[item.type]


def concatenate(parts: Sequence[Any]) -> Any:
    """Returns columns of one field, of several batches, as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Numbers):
        return Numbers(np.concatenate([part.values for part in parts]))
    if isinstance(first, Strings):
        starts = np.cumsum([0, *(len(part.data) for part in parts)])
        offsets = [
            part.offsets[:-1] + start
            for part, start in zip(parts, starts, strict=False)
        ]
        offsets.append(np.array([starts[-1]], np.int64))
        data = np.concatenate([part.data for part in parts])
        return Strings(np.concatenate(offsets), data, first.text)
    if isinstance(first, Occurrences):
        return Occurrences(
            np.concatenate([part.counts for part in parts]),
            concatenate([part.values for part in parts]),
        )
    return Columns(
        first.message,
        sum(part.rows for part in parts),
        {
            name: concatenate([part.fields[name] for part in parts])
            for name in first.fields
        },
    )
