# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Writing a state."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import IO, Any

from . import own_schema
from .batch_encoder import encode_batch
from .chunk_writer import ChunkWriter
from .errors import SaveError
from .features import used_features
from .limits import Limits
from .message import encode
from .schema_loader import SchemaLike, load_schema
from .sizes import message_size, variable_size
from .version import __version__

Target = str | os.PathLike[str] | IO[bytes]

MAX_BATCH_RECORDS = 2048
MAX_BATCH_BYTES = 768 * 1024


def open_target(target: Target) -> tuple[IO[bytes], bool]:
    """Returns a file to write to, and whether it is this package's to close."""
    if isinstance(target, (str, os.PathLike)):
        return open(target, "wb"), True
    return target, False


class Writer:
    """Writes a state to a file, record by record.

    Use it as a context manager: the trailer is written where the block ends without
    an exception. Otherwise none is, and no reader takes the stream for a state.
    """

    def __init__(
        self,
        target: Target,
        schema: SchemaLike,
        *,
        include: Sequence[str | os.PathLike[str]] = (),
        features: Iterable[str] | None = None,
        compression: str = "zstd:1",
        batch_records: int = MAX_BATCH_RECORDS,
        batch_bytes: int = MAX_BATCH_BYTES,
        embed_schema: bool = True,
        writer: tuple[str, str] = ("devstate-python", __version__),
        instance: str = "",
        limits: Limits | None = None,
        check_annotations: bool = True,
    ):
        """Opens the target; the first bytes are written by root().

        `features` names those that the records may use; by default they are taken
        from the state, which then is kept in memory until the end. `compression` is
        "raw" or "zstd:LEVEL". `check_annotations` refuses values that no schema reader
        takes.
        """
        self._schema = load_schema(schema, include)
        self._limits = limits or Limits()
        self._file, self._owned = open_target(target)
        self._chunks = ChunkWriter(self._file, self._limits, _level_of(compression))
        self._features = None if features is None else set(features)
        self._batch_records = min(batch_records, self._limits.max_chunk_records)
        self._batch_bytes = min(
            batch_bytes,
            self._limits.max_chunk_decoded_bytes // 4 * 3,
            self._limits.max_batch_memory,
        )
        self._embed_schema = embed_schema
        self._writer = writer
        self._instance = instance
        self._check_annotations = check_annotations
        self._root: dict[str, Any] | None = None
        self._records: dict[int, list[dict[str, Any]]] = {}
        # What each of them counts for.
        self._sizes: dict[int, list[int]] = {}
        self._last_field = 0
        self._failed = False

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            if self._owned:
                self._file.close()

    def root(self, value: dict[str, Any] | None = None, **fields: Any) -> None:
        """Takes the singular fields of the root message. Must come first."""
        if self._root is not None:
            raise SaveError("root() twice")
        root = {**(value or {}), **fields}
        records = [item.name for item in self._schema.batches if root.get(item.name)]
        if records:
            raise SaveError(f"write the records of {records[0]} with write()")
        self._root = root
        # Before any byte is written.
        encode(self._schema.root, root)
        if self._features is not None:
            self._begin()

    def write(self, table: str, records: Any) -> None:
        """Takes records of one table: dicts, a pyarrow.Table or a DataFrame.

        Tables come in ascending order of their field's number.
        """
        if self._root is None:
            self.root()
        item = self._schema.batch_field(table)
        if item.number < self._last_field:
            raise SaveError(
                f"records of {table} come after those of a later field: write tables "
                "in ascending order of number"
            )
        if item.number != self._last_field:
            self._flush()
        self._last_field = item.number
        assert item.message is not None
        waiting = self._records.setdefault(item.number, [])
        sizes = self._sizes.setdefault(item.number, [])
        fixed = message_size(item.message)
        for record in _dicts(records):
            try:
                size = fixed + variable_size(item.message, record)
            except SaveError as error:
                raise SaveError(f"{table} {len(waiting)}: {error}") from None
            if size > self._limits.max_batch_memory:
                raise SaveError(
                    f"{table}: a record counts for {size} bytes, readers take "
                    f"max_batch_memory = {self._limits.max_batch_memory}: split it"
                )
            waiting.append(record)
            sizes.append(size)
        if self._features is not None:
            self._write_full_batches(item.number)

    def finish(self) -> None:
        """Writes what is left, and the trailer."""
        if self._failed:
            raise SaveError("the state was not written whole: write it again")
        if self._root is None:
            self.root()
        if self._features is None:
            self._features = used_features(
                self._schema, self._root or {}, self._records
            )
            self._begin()
        self._flush()
        self._chunks.finish()

    def _begin(self) -> None:
        schema = self._schema
        header = {
            "device": schema.device,
            "schema": schema.name,
            "schema_version": schema.version,
            "min_reader": schema.min_reader,
            "root_message": schema.root.full_name,
            "writer": {"name": self._writer[0], "version": self._writer[1]},
            "used_features": sorted(self._features or ()),
            "fingerprint": schema.fingerprint,
            "descriptor_set": schema.embedded() if self._embed_schema else b"",
            "instance": self._instance,
        }
        self._chunks.header(encode(own_schema.HEADER, header))
        self._chunks.root(encode(schema.root, self._root or {}))

    def _flush(self) -> None:
        if self._features is None:
            return
        for number in sorted(self._records):
            self._write_full_batches(number, last=True)

    def _write_full_batches(self, number: int, last: bool = False) -> None:
        """Writes batches as far as they are full; all of them if it is the `last`."""
        waiting = self._records[number]
        sizes = self._sizes[number]
        begin = total = 0
        for index, size in enumerate(sizes):
            full = index - begin == self._batch_records
            if index != begin and (full or total + size > self._batch_bytes):
                self._write_batch(number, waiting[begin:index])
                begin, total = index, 0
            total += size
        if last and begin != len(waiting):
            self._write_batch(number, waiting[begin:])
            begin = len(waiting)
        self._records[number] = waiting[begin:]
        self._sizes[number] = sizes[begin:]

    def _write_batch(self, number: int, records: list[dict[str, Any]]) -> None:
        item = self._schema.root.by_number[number]
        assert item.message is not None
        self._failed = True
        payload = encode_batch(
            self._schema, item, records, check_annotations=self._check_annotations
        )
        self._chunks.batch(number, len(records), payload)
        self._failed = False


def _level_of(compression: str) -> int | None:
    """Returns zstd's level; None stands for raw."""
    kind, _, level = compression.partition(":")
    if kind == "raw" and not level:
        return None
    if kind == "zstd" and (not level or level.lstrip("-").isdigit()):
        return int(level or 1)
    raise SaveError(f"{compression!r} is no compression: expected raw or zstd:LEVEL")


def _dicts(records: Any) -> list[dict[str, Any]]:
    if hasattr(records, "to_pylist"):
        found = records.to_pylist()
        return [_without_none(row) for row in found]
    if hasattr(records, "to_dict"):
        return [_without_none(row) for row in records.to_dict("records")]
    return list(records)


def _without_none(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def dump(
    state: dict[str, Any],
    target: Target,
    schema: SchemaLike,
    **options: Any,
) -> None:
    """Writes a state as load() returns it. Options are those of Writer."""
    made = load_schema(schema, options.pop("include", ()))
    for name in state:
        if name not in made.root.by_name:
            raise SaveError(f"{made.root.full_name} has no field {name!r}")
    tables = {item.name for item in made.batches}
    with Writer(target, made, **options) as writer:
        writer.root({k: v for k, v in state.items() if k not in tables})
        for item in made.batches:
            if state.get(item.name):
                writer.write(item.name, state[item.name])


def dumps(state: dict[str, Any], schema: SchemaLike, **options: Any) -> bytes:
    """Returns a state as the bytes of a stream. Options are those of Writer."""
    target = io.BytesIO()
    dump(state, target, schema, **options)
    return target.getvalue()
