# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Streams built piece by piece, right ones and wrong ones."""

from __future__ import annotations

import io
from typing import Any

from devstate import own_schema, wire
from devstate.chunk_order import BATCH, ROOT, TRAILER
from devstate.chunk_writer import ChunkWriter, prefix_of
from devstate.framing import RAW, ZSTD, checksum
from devstate.limits import Limits
from devstate.message import encode
from devstate.schema import Schema


def header_fields(schema: Schema) -> dict[str, Any]:
    """Returns what a header says of a state without features."""
    return {
        "device": schema.device,
        "schema": schema.name,
        "schema_version": schema.version,
        "min_reader": schema.min_reader,
        "root_message": schema.root.full_name,
        "writer": {"name": "kit", "version": "1"},
        "fingerprint": schema.fingerprint,
    }


def header_of(schema: Schema, **fields: Any) -> bytes:
    """Returns a StreamHeader; `fields` replace what it says."""
    return encode(own_schema.HEADER, {**header_fields(schema), **fields})


class Builder:
    """Builds one stream."""

    def __init__(self, schema: Schema, header: bytes | None = None):
        self.schema = schema
        self._file = io.BytesIO()
        self.writer = ChunkWriter(self._file, Limits(), level=None)
        self._pieces: list[bytes] = []
        self.writer.header(header_of(schema) if header is None else header)

    def number(self, table: str | int) -> int:
        """Returns the number of a field of the root."""
        return (
            table if isinstance(table, int) else self.schema.root.by_name[table].number
        )

    def root(self, payload: bytes = b"") -> Builder:
        """Adds the root chunk."""
        return self.chunk(ROOT, payload)

    def batch(self, table: str | int, records: int, payload: bytes) -> Builder:
        """Adds a batch."""
        return self.chunk(BATCH, payload, field=self.number(table), records=records)

    def chunk(
        self, kind: int, stored: bytes, decoded_size: int | None = None, **header: Any
    ) -> Builder:
        """Adds a chunk as it is told."""
        size = len(stored) if decoded_size is None else decoded_size
        self.writer.chunk(kind, stored, size, **header)
        return self

    def zstd(
        self, kind: int, frame: bytes, decoded_size: int, **header: Any
    ) -> Builder:
        """Adds a chunk whose payload is said to be a zstd frame."""
        return self.chunk(kind, frame, decoded_size, codec=ZSTD, **header)

    def finish(self, **trailer: Any) -> bytes:
        """Returns the stream; `trailer` replaces what the trailer says."""
        fields = {**self.writer.trailer_message(), **trailer}
        return self.end(encode(own_schema.TRAILER, fields))

    def end(self, payload: bytes, **header: Any) -> bytes:
        """Returns the stream with this payload of the trailer."""
        self.writer.chunk(TRAILER, payload, len(payload), **header)
        return self.cut()

    def cut(self) -> bytes:
        """Returns the stream as it is now."""
        return self._file.getvalue()


def stream(
    schema: Schema, root: bytes = b"", *batches: tuple[str | int, int, bytes]
) -> bytes:
    """Returns a whole stream, raw."""
    builder = Builder(schema).root(root)
    for table, records, payload in batches:
        builder.batch(table, records, payload)
    return builder.finish()


# --- zstd frames, whose bytes depend on no release of zstd ---


def zstd_block(
    content: bytes, *, last: bool, kind: int = 0, size: int | None = None
) -> bytes:
    """Returns a block: 0 raw, 1 RLE (`size` times one byte), 3 none."""
    length = len(content) if size is None else size
    return (int(last) | kind << 1 | length << 3).to_bytes(3, "little") + content


def zstd_frame(
    content: bytes,
    *,
    size: int | None = None,
    blocks: bytes | None = None,
    window: int | None = None,
    dictionary: int | None = None,
    content_checksum: bytes = b"",
) -> bytes:
    """Returns a frame of raw blocks that declares its content size.

    `window` is the byte of a window descriptor; without it the frame is a single
    segment. `blocks` replaces the blocks.
    """
    declared = len(content) if size is None else size
    single = window is None
    flag, size_bytes = (2, 4) if declared > 255 or not single else (0, 1)
    dictionary_bytes = b"" if dictionary is None else bytes([dictionary])
    descriptor = (
        flag << 6
        | int(single) << 5
        | (4 if content_checksum else 0)
        | (0 if dictionary is None else 1)
    )
    made = b"\x28\xb5\x2f\xfd" + bytes([descriptor])
    if window is not None:
        made += bytes([window])
    made += dictionary_bytes + declared.to_bytes(size_bytes, "little")
    if blocks is None:
        blocks = zstd_block(content, last=True)
    return made + blocks + content_checksum


# --- Messages ---


def field(number: int, payload: bytes) -> bytes:
    """Returns a length-delimited field."""
    return wire.bytes_field(number, payload)


def varint_field(number: int, value: int) -> bytes:
    """Returns a varint field, zeros too."""
    return wire.tag(number, wire.VARINT) + wire.varint(value)


def long_varint(value: int, size: int) -> bytes:
    """Returns a varint of `size` bytes, more than it takes."""
    made = bytearray(wire.varint(value))
    while len(made) < size:
        made[-1] |= 0x80
        made.append(0)
    return bytes(made)


__all__ = [
    "BATCH",
    "RAW",
    "ROOT",
    "TRAILER",
    "ZSTD",
    "Builder",
    "checksum",
    "field",
    "header_of",
    "long_varint",
    "prefix_of",
    "stream",
    "varint_field",
    "zstd_block",
    "zstd_frame",
]
