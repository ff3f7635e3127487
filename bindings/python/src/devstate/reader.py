# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A stream that is open for reading."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any

from . import frames
from .batch import BatchDecoder
from .batch_encoder import encode_batch
from .chunk_order import MARKS, ROOT
from .columns import Columns, concatenate
from .errors import Fault, SchemaError, UnknownContent
from .framing import Chunk, ChunkReader
from .json_text import state_json
from .limits import Limits
from .message import Decoder
from .rounds import RoundMerger
from .rows import rows_of
from .schema import Schema
from .schema_loader import SchemaLike, embedded_schema, load_schema
from .table import Field

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]


def open_source(source: Source) -> tuple[IO[bytes], bool]:
    """Returns a file to read from, and whether it is this package's to close."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return io.BytesIO(source), True
    if isinstance(source, (str, os.PathLike)):
        return open(source, "rb"), True
    return source, False


@dataclass(frozen=True)
class Header:
    """What a stream says of itself (StreamHeader)."""

    device: str
    schema: str
    version: int
    min_reader: int
    root_message: str
    writer: str
    writer_version: str
    used_features: tuple[str, ...]
    fingerprint: bytes
    instance: str
    conversions: tuple[tuple[int, int], ...]
    has_schema: bool


def _make_header(raw: dict[str, Any]) -> Header:
    writer = raw.get("writer", {"name": "", "version": ""})
    return Header(
        device=raw["device"],
        schema=raw["schema"],
        version=raw["schema_version"],
        min_reader=raw["min_reader"],
        root_message=raw["root_message"],
        writer=writer["name"],
        writer_version=writer["version"],
        used_features=tuple(raw["used_features"]),
        fingerprint=raw["fingerprint"],
        instance=raw["instance"],
        conversions=tuple(
            (step["from_version"], step["to_version"]) for step in raw["conversions"]
        ),
        has_schema=bool(raw["descriptor_set"]),
    )


@dataclass(frozen=True)
class Batch:
    """Records of one field of the root. Not to be used before the stream is whole."""

    table: str
    columns: Columns
    offset: int
    chunk: int

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The records as dicts."""
        return rows_of(self.columns)


class Stream:
    """A stream whose header was read.

    Use it as a context manager. It is read once, from front to end: by batches(), by
    one of the functions that read all of it, or by both in turn.
    """

    def __init__(
        self,
        source: Source,
        *,
        schema: SchemaLike = None,
        include: Any = (),
        root: str = "",
        limits: Limits | None = None,
        check_annotations: bool = True,
    ):
        """Reads the header. See devstate.open()."""
        self._file, self._owned = open_source(source)
        self._limits = limits or Limits()
        self._check_annotations = check_annotations
        self._reader = ChunkReader(self._file, self._limits)
        try:
            self._raw_header = self._reader.read_header()
            self._schema = (
                None if schema is None else load_schema(schema, include, root)
            )
        except BaseException:
            self.close()
            raise
        self.header = _make_header(self._raw_header)
        self._root: dict[str, Any] | None = None
        self._root_chunk: Chunk | None = None
        self._started = False
        self._whole: dict[str, Any] | None = None

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        header = self.header
        return f"<devstate.Stream {header.schema} version {header.version}>"

    def close(self) -> None:
        """Closes the file if this package opened it."""
        if self._owned:
            self._file.close()

    @property
    def complete(self) -> bool:
        """Whether all was read and holds; nothing is to be used before."""
        return self._reader.complete

    @property
    def counts(self) -> dict[str, int]:
        """Chunks, records and bytes that were read so far."""
        return {
            "chunks": self._reader.chunks,
            "records": self._reader.records,
            "bytes": self._reader.offset,
            "decoded_bytes": self._reader.decoded_bytes,
        }

    @property
    def schema(self) -> Schema:
        """The schema to read by: the one given, else the stream's own.

        SchemaError if there is none, or if it is of another root message.
        """
        if self._schema is None:
            self._schema = embedded_schema(self._raw_header)
        if self._schema.root.full_name != self.header.root_message:
            raise SchemaError(
                f"the stream holds a {self.header.root_message}, the schema given is "
                f"of {self._schema.root.full_name}"
            )
        return self._schema

    @property
    def tables(self) -> list[str]:
        """The names of the root's fields that hold records."""
        return [item.name for item in self.schema.batches]

    def verify_framing(self) -> None:
        """Reads to the end and checks what needs no schema. Raises StreamError."""
        for _ in self._chunks():
            pass

    def _chunks(self) -> Iterator[Chunk]:
        if self._started:
            raise SchemaError("the stream was read already: open it again")
        self._started = True
        return self._reader.chunks_before_trailer()

    @property
    def root(self) -> dict[str, Any]:
        """The singular fields of the root message, once batches() has begun."""
        if self._root is None:
            raise SchemaError("the root message was not read yet: begin batches()")
        return self._root

    def batches(
        self, table: str | None = None, columns: list[str] | None = None
    ) -> Iterator[Batch]:
        """Yields each batch, of one table or of all, in memory for one chunk.

        They are not to be used before complete is true: the iteration raises
        StreamError where the stream is damaged or ends too early. `columns` picks
        what is decoded of `table`; what is not picked is not checked either. A state
        in rounds is merged first, and each of its tables is one batch in memory.
        """
        schema = self.schema
        if table is None and columns is not None:
            raise SchemaError("columns are picked of one table: name it")
        chosen = None if table is None else schema.batch_field(table)
        decoders: dict[int, BatchDecoder] = {}
        merger = RoundMerger(schema, self._decoder, self._limits.max_merge_bytes)
        for chunk in self._chunks():
            if chunk.type in MARKS:
                continue
            try:
                if chunk.type == ROOT:
                    self._root_chunk = chunk
                    if not self._reader.rounds:
                        self._decode_root(chunk)
                    continue
                item = self._field_of(chunk)
                if item is None:
                    continue
                if self._reader.rounds:
                    merger.add(chunk, item)
                    continue
                if chosen is not None and item is not chosen:
                    continue
                if item.number not in decoders:
                    decoders[item.number] = self._decoder(item, columns)
                decoded = decoders[item.number].decode(chunk.payload, chunk.records)
            except Fault as fault:
                raise chunk.error(fault) from None
            yield Batch(item.name, decoded, chunk.offset, chunk.sequence)
        if self._reader.rounds:
            yield from self._merged(merger, chosen, columns)

    def _merged(
        self, merger: RoundMerger, chosen: Field | None, columns: list[str] | None
    ) -> Iterator[Batch]:
        """Yields the merged state, a batch for each table."""
        last = self._root_chunk
        assert last is not None
        try:
            self._decode_root(last)
        except Fault as fault:
            raise last.error(fault) from None
        limit = self._limits.max_merge_bytes
        for item, rows in merger.tables():
            if chosen is not None and item is not chosen:
                continue
            payload = encode_batch(self.schema, item, rows, check_annotations=False)
            decoded = self._decoder(item, columns, limit).decode(payload, len(rows))
            yield Batch(item.name, decoded, last.offset, last.sequence)

    def _decode_root(self, chunk: Chunk) -> None:
        self._root = Decoder(strict=True).decode(self.schema.root, chunk.payload)

    def _field_of(self, chunk: Chunk) -> Field | None:
        """Returns the field of a chunk of records; None if it is to be skipped."""
        schema = self.schema
        item = schema.root.by_number.get(chunk.field)
        if item is not None and item in schema.batches:
            return item
        if chunk.ignorable:
            return None
        raise Fault(
            UnknownContent,
            f"records of field {chunk.field} of {schema.root.full_name} are unknown "
            f"in schema version {schema.version} of this reader",
        )

    def _decoder(
        self,
        item: Field,
        columns: list[str] | None,
        max_batch_memory: int | None = None,
        keys_only: bool = False,
    ) -> BatchDecoder:
        return BatchDecoder(
            self.schema,
            item,
            schema_version=self.header.version,
            max_batch_memory=max_batch_memory or self._limits.max_batch_memory,
            check_annotations=self._check_annotations,
            columns=columns,
            keys_only=keys_only,
        )

    def load(self) -> dict[str, Any]:
        """Reads all and returns the state as one dict, records included."""
        if self._whole is None:
            tables: dict[str, list[dict[str, Any]]] = {name: [] for name in self.tables}
            for batch in self.batches():
                tables[batch.table] += batch.rows
            self._whole = {**self.root, **tables}
        return self._whole

    def columns(self, table: str, columns: list[str] | None = None) -> Columns:
        """Reads all and returns one table as columns."""
        parts = [batch.columns for batch in self.batches(table, columns)]
        if not parts:
            item = self.schema.batch_field(table)
            empty = BatchDecoder(
                self.schema,
                item,
                schema_version=self.header.version,
                max_batch_memory=0,
                check_annotations=False,
                columns=columns,
            )
            return empty.decode(b"", 0)
        whole: Columns = concatenate(parts)
        return whole

    def numpy(self, table: str, columns: list[str] | None = None) -> dict[str, Any]:
        """Reads all and returns one table as flat arrays by path.

        A path with "#" at its end has the occurrences of a field that does not
        occur once in each row. Strings are arrays of objects.
        """
        return frames.flat_arrays(self.columns(table, columns))

    def arrow(self, table: str, columns: list[str] | None = None) -> Any:
        """Reads all and returns one table as a pyarrow.Table."""
        return frames.arrow_table(self.columns(table, columns))

    def pandas(self, table: str, columns: list[str] | None = None) -> Any:
        """Reads all and returns one table as a pandas.DataFrame."""
        return frames.data_frame(self.columns(table, columns))

    def to_json(self, redact: bool = True) -> str:
        """Reads all and returns the state as protobuf's JSON."""
        return state_json(self.schema, self.load(), redact)
