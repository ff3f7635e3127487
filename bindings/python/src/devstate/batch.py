# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Batches: the columns of one field of the root, decoded strictly."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import wire
from .bounds import Bounds, bounds_of
from .columns import Column, Columns, Numbers, Occurrences, Strings, dtype_of
from .errors import Fault, malformed, unknown
from .number_column import (
    Kind,
    Place,
    decode_numbers,
    decode_unsigned,
    kind_of,
    read_parts,
)
from .schema import Schema
from .sizes import Budget, message_size, value_size
from .strings_column import decode_strings
from .table import MAX_DEPTH, Cardinality, Field, Message

_OCCURRENCES, _VALUES = 1, 2

# Fields to decode, each with those of its own; None: all.
Selection = dict[str, Any] | None


def select(message: Message, paths: list[str] | None) -> Selection:
    """Returns a selection from paths such as "path.name"; None selects all.

    KeyError for a path that the message does not have.
    """
    if paths is None:
        return None
    chosen: dict[str, Any] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        item = message.by_name.get(name)
        if item is None or (rest and item.message is None):
            raise KeyError(f"{message.full_name} has no column {path!r}")
        if not rest or item.message is None:
            chosen[name] = None
            continue
        inner = select(item.message, [rest])
        if name not in chosen:
            chosen[name] = inner
        elif chosen[name] is not None and inner is not None:
            _merge(chosen[name], inner)
    return chosen


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, rest in more.items():
        if name not in into or rest is None:
            into[name] = rest
        elif into[name] is not None:
            _merge(into[name], rest)


class BatchDecoder:
    """Decodes the batches of one field of the root."""

    def __init__(
        self,
        schema: Schema,
        item: Field,
        *,
        schema_version: int,
        max_batch_memory: int,
        check_annotations: bool,
        columns: list[str] | None = None,
        keys_only: bool = False,
    ):
        """`keys_only` is for deletions: they have no columns but those picked."""
        assert item.message is not None
        self._schema = schema
        self._item = item
        self._record = item.message
        self._record_size = message_size(item.message)
        self._schema_version = schema_version
        self._max_batch_memory = max_batch_memory
        self._check_annotations = check_annotations
        self._selection = select(item.message, columns)
        self._keys_only = keys_only
        self._bounds: dict[Field, Bounds | None] = {}

    def decode(self, payload: bytes, records: int) -> Columns:
        """Returns the columns of a batch. Raises a Fault."""
        budget = Budget(self._max_batch_memory)
        path = [self._item.name]
        try:
            budget.charge(records, self._record_size)
            if self._keys_only:
                self._refuse_other_columns(payload)
            return _Payload(self, payload, budget, path).columns(
                self._record, (0, len(payload)), records, self._selection
            )
        except Fault as fault:
            fault.message = f"{'.'.join(path)}: {fault.message}"
            raise

    def _refuse_other_columns(self, payload: bytes) -> None:
        at = 0
        while at < len(payload):
            number, wire_type, at = wire.read_tag(payload, at, len(payload))
            if wire_type != wire.LENGTH:
                raise malformed(f"column {number} has wire type {wire_type}")
            item = self._record.by_number.get(number)
            if self._selection is None or item is None:
                raise malformed(f"a deletion has column {number}, which is no key")
            if item.name not in self._selection:
                raise malformed(f"a deletion has column {number}, which is no key")
            _, at = wire.read_length(payload, at, len(payload))

    def bounds_of(self, item: Field) -> Bounds | None:
        """Returns the bounds to check of a field's columns."""
        if not self._check_annotations:
            return None
        if item not in self._bounds:
            annotations = self._schema.annotations_of(item)
            self._bounds[item] = bounds_of(item, annotations)
        return self._bounds[item]

    @property
    def schema_version(self) -> int:
        """The version of the schema that the stream was written with."""
        return self._schema_version


class _Payload:
    """One payload while it is decoded.

    `path` leads to the field at hand, and stays where it is when a Fault is raised.
    """

    def __init__(
        self, decoder: BatchDecoder, data: bytes, budget: Budget, path: list[str]
    ):
        self._decoder = decoder
        self._data = data
        self._budget = budget
        self._path = path

    def columns(
        self, message: Message, place: Place | None, count: int, selection: Selection
    ) -> Columns:
        places = {} if place is None else self._places(message, *place)
        fields: dict[str, Column] = {}
        for item in message.fields:
            if selection is not None and item.name not in selection:
                continue
            inner = None if selection is None else selection[item.name]
            self._path.append(item.name)
            column = self._column(item, places.get(item.number), count, inner)
            bounds = self._decoder.bounds_of(item)
            if bounds is not None and count:
                bounds.check(column, self._decoder.schema_version)
            self._path.pop()
            fields[item.name] = column
        _check_oneofs(message, fields)
        return Columns(message, count, fields)

    def _places(self, message: Message, at: int, end: int) -> dict[int, Place]:
        """Returns where the columns of a message are, after the checks of order."""
        if len(self._path) > MAX_DEPTH:
            raise malformed(f"lies deeper than {MAX_DEPTH} messages")
        data = self._data
        places: dict[int, Place] = {}
        previous = 0
        while at < end:
            number, wire_type, at = wire.read_tag(data, at, end)
            if number <= previous:
                raise malformed(f"column {number} comes after column {previous}")
            if wire_type != wire.LENGTH:
                raise malformed(f"column {number} has wire type {wire_type}")
            if number not in message.by_number:
                raise unknown(
                    f"the records have a field {number} that the schema does not "
                    "have: update the reader, or save for its schema version"
                )
            start, at = wire.read_length(data, at, end)
            places[number] = (start, at)
            previous = number
        return places

    def _column(
        self, item: Field, place: Place | None, count: int, selection: Selection
    ) -> Column:
        if item.cardinality is Cardinality.ONE:
            return self._values(item, place, count, selection)
        repeated = item.cardinality is Cardinality.REPEATED
        count_type: Any = np.uint32 if repeated else np.bool_
        if place is None:
            none = np.zeros(count, count_type)
            return Occurrences(none, self._values(item, None, 0, selection))
        parts = read_parts(self._data, place, _VALUES, set())
        if _OCCURRENCES not in parts:
            raise malformed("columns of a field that never occurs")
        bits = 32 if repeated else 1
        numbers = decode_unsigned(
            self._data, parts[_OCCURRENCES], Kind.UNSIGNED, bits, count
        )
        # A batch has few rows, and a number 32 bits: the sum does not wrap.
        total = int(numbers.sum())
        if repeated:
            self._budget.charge(total, value_size(item))
        values = self._values(item, parts.get(_VALUES), total, selection)
        counts = numbers.astype(count_type)
        if item.is_map and (selection is None or "key" in selection):
            _check_keys(counts, values)
        return Occurrences(counts, values)

    def _values(
        self, item: Field, place: Place | None, count: int, selection: Selection
    ) -> Column:
        if item.message is not None:
            return self.columns(item.message, place, count, selection)
        kind = kind_of(item)
        if kind in (Kind.TEXT, Kind.BYTES):
            if place is None:
                offsets = np.zeros(count + 1, np.int64)
                return Strings(offsets, np.zeros(0, np.uint8), kind is Kind.TEXT)
            return decode_strings(self._data, place, kind, count, self._budget)
        if place is None:
            return Numbers(np.zeros(count, dtype_of(item)))
        return Numbers(decode_numbers(self._data, place, item, count))


def _check_oneofs(message: Message, fields: dict[str, Column]) -> None:
    for oneof, members in message.oneofs.items():
        present = [
            column.counts
            for column in (fields.get(item.name) for item in members)
            if isinstance(column, Occurrences)
        ]
        if len(present) > 1 and (np.sum(present, axis=0, dtype=np.int64) > 1).any():
            raise malformed(f"a row has several members of the oneof {oneof}")


def _check_keys(counts: Any, entries: Column) -> None:
    """Refuses a row that has a key of the map twice."""
    assert isinstance(entries, Columns)
    rows = np.repeat(np.arange(len(counts)), counts)
    keys = entries.fields["key"]
    if isinstance(keys, Strings):
        pairs = list(zip(rows.tolist(), keys.tolist(), strict=True))
        if len(set(pairs)) == len(pairs):
            return
    else:
        assert isinstance(keys, Numbers)
        order = np.lexsort((keys.values, rows))
        same_row = np.diff(rows[order]) == 0
        same_key = keys.values[order][1:] == keys.values[order][:-1]
        if not (same_row & same_key).any():
            return
    raise malformed("a row has a key of the map twice")
