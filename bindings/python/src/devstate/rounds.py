# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The merged state of a stream in rounds (docs/stream_format.md, "Rounds")."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from . import options
from . import table as t
from .batch import BatchDecoder
from .chunk_order import BATCH, DELETIONS
from .errors import Fault, LimitExceeded, malformed
from .framing import Chunk
from .rows import rows_of
from .schema import Schema
from .sizes import message_size, variable_size
from .table import Cardinality, Field

# Returns a decoder of a field: its columns, what bounds a batch, and whether there
# may be no other columns.
MakeDecoder = Callable[[Field, list[str] | None, int | None, bool], BatchDecoder]


def record_key(schema: Schema, item: Field) -> list[Field]:
    """Returns what tells the records of a field apart; nothing if there is no key."""
    assert item.message is not None
    names = options.of_message(item.message)["key"]
    names = names or schema.annotations_of(item)["unique_by"]
    parts = [item.message.by_name.get(name) for name in names]
    if any(p is None or p.cardinality is not Cardinality.ONE for p in parts):
        return []
    return sorted(
        {p.number: p for p in parts if p is not None}.values(), key=lambda p: p.number
    )


def _bits(item: Field, value: Any) -> Any:
    # 0.0 is not -0.0, and NaN is NaN.
    if item.type in (t.FLOAT, t.DOUBLE):
        return struct.pack("<d", value)
    return value


class _Records:
    """The records of one field, by their keys."""

    def __init__(self, schema: Schema, item: Field, make: MakeDecoder):
        self.item = item
        self.key = record_key(schema, item)
        self.rows: dict[Any, dict[str, Any]] = {}
        self._decoder = make(item, None, None, False)
        self._keys = make(item, [p.name for p in self.key], None, True)

    def decode(self, chunk: Chunk) -> list[dict[str, Any]]:
        decoder = self._keys if chunk.type == DELETIONS else self._decoder
        return rows_of(decoder.decode(chunk.payload, chunk.records))

    def key_of(self, row: dict[str, Any]) -> Any:
        # Without a key no two records are the same.
        return tuple(_bits(p, row[p.name]) for p in self.key) or object()

    def size_of(self, row: dict[str, Any]) -> int:
        assert self.item.message is not None
        return message_size(self.item.message) + variable_size(self.item.message, row)


class RoundMerger:
    """Takes the batches, upserts and deletions of all rounds."""

    def __init__(self, schema: Schema, make: MakeDecoder, max_merge_bytes: int):
        self._schema = schema
        self._make = make
        self._limit = max_merge_bytes
        self._size = 0
        self._tables: dict[int, _Records] = {}

    def add(self, chunk: Chunk, item: Field) -> None:
        """Takes a chunk of records. Raises a Fault."""
        records = self._tables.get(item.number)
        if records is None:
            records = _Records(self._schema, item, self._make)
            self._tables[item.number] = records
        if chunk.type != BATCH and not records.key:
            raise malformed(f"{item.name}: changes of records without a key")
        for index, row in enumerate(records.decode(chunk)):
            self._add_row(chunk, records, index, row)
        if self._size > self._limit:
            raise Fault(
                LimitExceeded,
                f"the records so far count for {self._size} bytes, more than "
                f"max_merge_bytes = {self._limit}: raise the limit if the source of "
                "the stream is trusted",
            )

    def _add_row(
        self, chunk: Chunk, records: _Records, index: int, row: dict[str, Any]
    ) -> None:
        key = records.key_of(row)
        # What is written again goes to the end.
        old = records.rows.pop(key, None)
        if old is not None:
            self._size -= records.size_of(old)
        place = f"{records.item.name}: record {index} of the batch"
        if chunk.type == DELETIONS:
            if old is None:
                raise malformed(f"{place} is deleted, and there is none")
            return
        if chunk.type == BATCH and old is not None:
            raise malformed(f"{place} has the key of a record before it")
        records.rows[key] = row
        self._size += records.size_of(row)

    def tables(self) -> list[tuple[Field, list[dict[str, Any]]]]:
        """Returns the records of each field that has some, in order of number."""
        return [
            (records.item, list(records.rows.values()))
            for _, records in sorted(self._tables.items())
            if records.rows
        ]
