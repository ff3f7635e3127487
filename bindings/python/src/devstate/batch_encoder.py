# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Records to columns: what a writer puts into a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import table as t
from . import wire
from .bounds import bounds_of
from .columns import Numbers, Occurrences, Strings, dtype_of
from .errors import Fault, SaveError
from .message import INTEGER_RANGES, check_scalar
from .number_column import (
    Encoding,
    Kind,
    choose_encoding,
    encode_unsigned,
    kind_of,
    to_unsigned,
)
from .schema import Schema
from .strings_column import Layout, encode_strings
from .table import Cardinality, Field, Message
from .values import default_scalar


class ColumnStyle:
    """Which of the ways to say the same a column takes. Default: a cheap one."""

    def encoding(self, numbers: Any) -> Encoding:
        """Returns the encoding of a column of numbers."""
        return choose_encoding(numbers)

    def layout(self, values: list[bytes]) -> Layout:
        """Returns the layout of a column of strings or bytes."""
        return Layout.CONCATENATED

    def keeps_zeros(self) -> bool:
        """Whether columns of zeros are written."""
        return False


def encode_batch(
    schema: Schema,
    item: Field,
    records: list[dict[str, Any]],
    style: ColumnStyle | None = None,
    check_annotations: bool = True,
) -> bytes:
    """Returns the columns message of records. SaveError with the field's path."""
    assert item.message is not None
    encoder = _Encoder(schema, style or ColumnStyle(), check_annotations)
    return encoder.columns(item.message, records, [item.name])


class _Encoder:
    def __init__(self, schema: Schema, style: ColumnStyle, check_annotations: bool):
        self._schema = schema
        self._style = style
        self._check_annotations = check_annotations

    def columns(
        self, message: Message, rows: list[dict[str, Any]], path: list[str]
    ) -> bytes:
        known = message.by_name.keys()
        for row in rows:
            if not row.keys() <= known:
                name = min(row.keys() - known)
                raise SaveError(f"{'.'.join(path)}: the schema has no field {name!r}")
        for oneof, members in message.oneofs.items():
            names = [member.name for member in members]
            if any(sum(row.get(n) is not None for n in names) > 1 for row in rows):
                raise SaveError(f"{'.'.join(path)}: several members of {oneof}")
        parts = []
        for item in message.fields:
            path.append(item.name)
            column = self._column(item, [row.get(item.name) for row in rows], path)
            path.pop()
            if column:
                parts.append(wire.bytes_field(item.number, column))
        return b"".join(parts)

    def _column(self, item: Field, found: list[Any], path: list[str]) -> bytes:
        if item.cardinality is Cardinality.ONE:
            return self._scalars(item, found, path)
        if item.cardinality is Cardinality.OPTIONAL:
            counts = np.array([value is not None for value in found], np.uint64)
            values = [value for value in found if value is not None]
        else:
            counts = np.array([len(value or ()) for value in found], np.uint64)
            values = self._elements(item, found)
        self._check(item, Occurrences(counts, Numbers(counts[:0])), path)
        if not values and not self._style.keeps_zeros():
            return b""
        encoding = self._style.encoding(counts)
        column = encode_unsigned(Kind.UNSIGNED, counts, encoding)
        parts = [wire.bytes_field(1, column)]
        if values:
            inner = (
                self._scalars(item, values, path)
                if item.message is None
                else self.columns(item.message, values, path)
            )
            if inner:
                parts.append(wire.bytes_field(2, inner))
        return b"".join(parts)

    def _elements(self, item: Field, found: list[Any]) -> list[Any]:
        if not item.is_map:
            return [element for value in found for element in value or ()]
        assert item.message is not None
        key = item.message.by_name["key"]
        return [
            {"key": name, "value": value[original]}
            for value in found
            for name, original in sorted(
                (check_scalar(key, original), original) for original in value or ()
            )
        ]

    def _scalars(self, item: Field, found: list[Any], path: list[str]) -> bytes:
        kind = kind_of(item)
        try:
            if kind in (Kind.TEXT, Kind.BYTES):
                return self._strings(item, kind, _checked(item, found), path)
            array = np.array(_checked(item, found), dtype_of(item))
        except SaveError as error:
            raise SaveError(f"{'.'.join(path)}: {error}") from None
        self._check(item, Numbers(array), path)
        numbers = to_unsigned(item, array)
        if not numbers.any() and not self._style.keeps_zeros():
            return b""
        return encode_unsigned(kind, numbers, self._style.encoding(numbers))

    def _strings(
        self, item: Field, kind: Kind, values: list[Any], path: list[str]
    ) -> bytes:
        stored = [v.encode() for v in values] if kind is Kind.TEXT else values
        offsets = np.cumsum([0] + [len(value) for value in stored])
        empty = np.zeros(0, np.uint8)
        self._check(item, Strings(offsets, empty, kind is Kind.TEXT), path)
        if not offsets[-1] and not self._style.keeps_zeros():
            return b""
        lengths = np.diff(offsets).astype(np.uint64)
        return encode_strings(
            kind,
            stored,
            self._style.layout(stored),
            self._style.encoding(lengths),
        )

    def _check(self, item: Field, column: Any, path: list[str]) -> None:
        """Refuses what readers with this schema would refuse."""
        if not self._check_annotations:
            return
        bounds = bounds_of(item, self._schema.annotations_of(item))
        if bounds is None:
            return
        try:
            bounds.check(column, self._schema.version)
        except Fault as fault:
            raise SaveError(f"{'.'.join(path)}: {fault.message}") from None


# The types that most values have, for which a look at all of them at once is enough.
_PLAIN_TYPES = {t.STRING: {str}, t.BYTES: {bytes}, t.DOUBLE: {float}}


def _checked(item: Field, found: list[Any]) -> list[Any]:
    """Returns values as the field holds them. Raises SaveError."""
    if None in found:
        zero = default_scalar(item)
        found = [zero if value is None else value for value in found]
    types = set(map(type, found))
    if types == _PLAIN_TYPES.get(item.type):
        if item.type != t.STRING or "".join(found).isascii():
            return found
    elif types == {int} and item.type in INTEGER_RANGES:
        low, high = INTEGER_RANGES[item.type]
        if low <= min(found) and max(found) <= high:
            return found
    return [check_scalar(item, value) for value in found]
