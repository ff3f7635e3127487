# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the framing of a stream: prefix, header, chunks, trailer."""

from __future__ import annotations

from dataclasses import asdict
from typing import IO, Any

from . import own_schema
from .chunk_order import BATCH, ROOT, TRAILER, ChunkOrder
from .errors import SaveError
from .framing import (
    CHUNK_HEADER,
    FORMAT_VERSION,
    MAGIC,
    PREFIX,
    RAW,
    ZSTD,
    checksum,
)
from .limits import Limits, expansion
from .message import encode
from .zstd_frame import compress


def prefix_of(header: bytes, version: int = FORMAT_VERSION, reserved: int = 0) -> bytes:
    """Returns the prefix of a stream with this header."""
    made = PREFIX.pack(MAGIC, version, reserved, len(header), checksum(header), 0)[:24]
    return made + checksum(made).to_bytes(8, "little")


class ChunkWriter:
    """Chains chunks to each other, and counts them for the trailer."""

    def __init__(self, file: IO[bytes], limits: Limits, level: int | None):
        """Writes to `file`; `level` is zstd's, or None for raw chunks."""
        self._file = file
        self._limits = limits
        self._level = level
        self._previous = 0
        self._order = ChunkOrder()
        self.chunks = 0
        self.records = 0
        self.decoded_bytes = 0
        self.stored_bytes = 0

    def header(self, header: bytes) -> None:
        """Writes prefix and StreamHeader. Must come first."""
        if len(header) > self._limits.max_header_bytes:
            raise SaveError(
                f"the stream header has {len(header)} bytes, readers take "
                f"max_header_bytes = {self._limits.max_header_bytes}"
            )
        prefix = prefix_of(header)
        self._previous = int.from_bytes(prefix[24:], "little")
        self._file.write(prefix + header)

    def root(self, payload: bytes) -> None:
        """Writes the root chunk."""
        self._compressed(ROOT, 0, 0, payload)

    def batch(self, field: int, records: int, payload: bytes) -> None:
        """Writes a batch."""
        self._compressed(BATCH, field, records, payload)

    def _compressed(self, kind: int, field: int, records: int, payload: bytes) -> None:
        stored, codec = payload, RAW
        if self._level is not None and payload:
            frame = compress(payload, self._level)
            decoded = self.decoded_bytes + len(payload)
            grown = expansion(decoded, self.stored_bytes + len(frame))
            if len(frame) < len(payload) and grown <= self._limits.max_expansion:
                stored, codec = frame, ZSTD
        if len(payload) > self._limits.max_chunk_decoded_bytes:
            raise SaveError(
                f"a chunk of field {field} has {len(payload)} bytes, readers take "
                f"max_chunk_decoded_bytes = {self._limits.max_chunk_decoded_bytes}"
            )
        self.chunk(
            kind, stored, len(payload), codec=codec, field=field, records=records
        )

    def chunk(
        self,
        kind: int,
        stored: bytes,
        decoded_size: int,
        *,
        codec: int = RAW,
        flags: int = 0,
        field: int = 0,
        records: int = 0,
        sequence: int | None = None,
    ) -> None:
        """Writes a chunk as it is told, and counts it."""
        made = CHUNK_HEADER.pack(
            kind,
            codec,
            flags,
            self.chunks if sequence is None else sequence,
            field,
            records,
            len(stored),
            decoded_size,
            checksum(stored),
            0,
        )[:32]
        sealed = checksum(made, self._previous)
        self._file.write(made + sealed.to_bytes(8, "little") + stored)
        if kind == TRAILER:
            return
        self._previous = sealed
        self._order.add(kind, field, records)
        self.chunks += 1
        self.records += records
        self.decoded_bytes += decoded_size
        self.stored_bytes += len(stored)

    def trailer_message(self) -> dict[str, Any]:
        """Returns what the trailer says of the chunks so far."""
        return {
            "chunks": self.chunks,
            "records": self.records,
            "decoded_bytes": self.decoded_bytes,
            "stored_bytes": self.stored_bytes,
            "digest": self._previous,
            "rounds": [asdict(counts) for counts in self._order.rounds],
        }

    def finish(self) -> None:
        """Writes the trailer."""
        payload = encode(own_schema.TRAILER, self.trailer_message())
        self.chunk(TRAILER, payload, len(payload))
        self._file.flush()
