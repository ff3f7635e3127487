# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Prefix, header, chunks and trailer: what needs no schema."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import xxhash

from . import own_schema
from .chunk_order import (
    KNOWN,
    MARKS,
    RECORDS,
    TRAILER,
    ChunkOrder,
    RoundCounts,
)
from .errors import (
    ChecksumError,
    Fault,
    LimitExceeded,
    Malformed,
    NotAStream,
    NoTrailer,
    StreamError,
    TrailingBytes,
    UnknownContent,
)
from .limits import Limits, expansion
from .message import Decoder
from .zstd_frame import decompress

MAGIC = b"\xd5devst\r\n"
FORMAT_VERSION = 1
PREFIX = struct.Struct("<8sHHIQQ")
CHUNK_HEADER = struct.Struct("<BBHIIIIIQQ")

RAW, ZSTD = 0, 1
IGNORABLE = 1


def checksum(data: bytes, seed: int = 0) -> int:
    """Returns the XXH3 of `data`, 64 bits."""
    return xxhash.xxh3_64_intdigest(data, seed)


@dataclass(frozen=True)
class Chunk:
    """A chunk whose checksums hold, its payload decompressed."""

    type: int
    codec: int
    flags: int
    sequence: int
    field: int
    records: int
    stored_size: int
    payload: bytes
    offset: int

    @property
    def ignorable(self) -> bool:
        """Whether a reader that does not know it may skip it."""
        return bool(self.flags & IGNORABLE)

    def error(self, fault: Fault) -> StreamError:
        """Returns `fault` as an error of the stream."""
        return fault.at(self.offset, self.sequence)


class ChunkReader:
    """Reads the framing of a stream, one chunk at a time. Takes memory for two."""

    def __init__(self, file: IO[bytes], limits: Limits):
        self._file = file
        self.limits = limits
        self.offset = 0
        self.header: dict[str, Any] = {}
        # What the trailer counts.
        self.chunks = 0
        self.records = 0
        self.decoded_bytes = 0
        self.stored_bytes = 0
        # Whether the trailer was read and everything holds.
        self.complete = False
        self._previous = 0
        self._order = ChunkOrder()
        # Where the item at hand begins.
        self._item = 0
        self._in_chunks = False

    def _error(self, error: type[StreamError], message: str) -> StreamError:
        return error(message, self._item, self.chunks if self._in_chunks else None)

    def _take(self, size: int, what: str, at_least: bytes = b"") -> bytes:
        parts = []
        missing = size
        while missing:
            part = self._file.read(missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self.offset += len(data)
        if not missing:
            return data
        # Something short that is no stream at all is not one without a trailer.
        if at_least and not at_least.startswith(data[: len(at_least)]):
            raise self._not_a_stream(data)
        if self.offset == 0:
            raise self._error(NoTrailer, "the stream is empty: no state was written")
        raise self._error(
            NoTrailer,
            f"the stream ends after {self.offset} bytes, where {missing} more bytes "
            f"of {what} should follow; the writer was stopped or the stream was cut, "
            "save it again",
        )

    def _not_a_stream(self, data: bytes) -> StreamError:
        return self._error(
            NotAStream,
            f"not a devstate stream: it starts with {data[: len(MAGIC)]!r}, expected "
            f"{MAGIC!r}",
        )

    def read_header(self) -> dict[str, Any]:
        """Reads prefix and StreamHeader. Must come first and once."""
        prefix = self._take(PREFIX.size, "the prefix", at_least=MAGIC)
        magic, version, reserved, size, header_sum, prefix_sum = PREFIX.unpack(prefix)
        if magic != MAGIC:
            raise self._not_a_stream(prefix)
        self._check_sum("prefix", prefix_sum, checksum(prefix[:24]))
        if version != FORMAT_VERSION or reserved != 0:
            raise self._error(
                UnknownContent,
                f"stream format version {version} is newer than version "
                f"{FORMAT_VERSION} of this reader: update the reader",
            )
        self._check_limit(size, "max_header_bytes")
        self._item = self.offset
        data = self._take(size, "the stream header")
        self._check_sum("header", header_sum, checksum(data))
        try:
            self.header = Decoder(strict=False).decode(own_schema.HEADER, data)
        except Fault as fault:
            raise self._error(
                Malformed, f"not a StreamHeader message: {fault.message}"
            ) from None
        self._previous = prefix_sum
        self._in_chunks = True
        return self.header

    def _check_sum(self, what: str, stored: int, computed: int) -> None:
        if stored != computed:
            raise self._error(
                ChecksumError,
                f"{what} checksum mismatch (stored {stored:#018x}, computed "
                f"{computed:#018x})",
            )

    def _check_limit(self, value: int, name: str) -> None:
        limit = getattr(self.limits, name)
        if value > limit:
            raise self._error(
                LimitExceeded,
                f"{value} is more than {name} = {limit}: raise the limit if the "
                "source of the stream is trusted",
            )

    def chunks_before_trailer(self) -> Iterator[Chunk]:
        """Yields chunks of known types; ends when the trailer was read and holds."""
        while True:
            self._item = self.offset
            data = self._take(CHUNK_HEADER.size, "a chunk header")
            (
                kind,
                codec,
                flags,
                sequence,
                field,
                records,
                stored_size,
                decoded_size,
                payload_sum,
                header_sum,
            ) = CHUNK_HEADER.unpack(data)
            computed = checksum(data[:32], self._previous)
            self._check_sum("chunk header", header_sum, computed)
            if sequence != self.chunks:
                raise self._error(
                    ChecksumError,
                    f"chunk has sequence number {sequence}, expected {self.chunks}",
                )
            self._check_kind(kind, codec, flags, field, records)
            if kind in MARKS and (codec != RAW or stored_size != 0):
                raise self._error(Malformed, "the mark of a round has a payload")
            if codec == RAW and stored_size != decoded_size:
                raise self._error(
                    Malformed,
                    f"raw chunk has {stored_size} stored and {decoded_size} decoded "
                    "bytes",
                )
            self._check_limits(kind, records, stored_size, decoded_size)
            if kind in MARKS:
                self._check_limit(field, "max_rounds")
            out_of_order = self._order.fault(kind, field)
            if out_of_order is not None:
                raise self._error(Malformed, out_of_order)
            payload = self._take(stored_size, "a chunk's payload")
            self._check_sum("payload", payload_sum, checksum(payload))
            if codec == ZSTD:
                try:
                    payload = decompress(payload, decoded_size)
                except Fault as fault:
                    raise fault.at(self._item, self.chunks) from None
            if kind == TRAILER:
                self._check_trailer(payload)
                return
            self._previous = header_sum
            self.chunks += 1
            self.records += records
            self.decoded_bytes += decoded_size
            self.stored_bytes += stored_size
            self._order.add(kind, field, records)
            if kind in KNOWN:
                yield Chunk(
                    kind,
                    codec,
                    flags,
                    sequence,
                    field,
                    records,
                    stored_size,
                    payload,
                    self._item,
                )

    def _check_kind(
        self, kind: int, codec: int, flags: int, field: int, records: int
    ) -> None:
        if flags & ~IGNORABLE:
            raise self._error(
                UnknownContent,
                f"chunk has unknown flags {flags & ~IGNORABLE:#06x}: update the reader",
            )
        known = kind in KNOWN
        if not known and not flags:
            raise self._error(
                UnknownContent,
                f"chunk is of unknown type {kind} and not marked ignorable: update "
                "the reader",
            )
        if codec not in (RAW, ZSTD):
            raise self._error(
                UnknownContent, f"chunk has unknown codec {codec}: update the reader"
            )
        if not known:
            return
        has_records = kind in RECORDS
        has_field = has_records or kind in MARKS
        if has_field != (field != 0) or has_records != (records != 0):
            raise self._error(
                Malformed,
                f"chunk of type {kind} has field {field} and {records} records",
            )
        if not has_records and flags:
            raise self._error(Malformed, f"chunk of type {kind} is marked ignorable")
        if kind == TRAILER and codec != RAW:
            raise self._error(Malformed, "the trailer is compressed")

    def _check_limits(
        self, kind: int, records: int, stored_size: int, decoded_size: int
    ) -> None:
        self._check_limit(stored_size, "max_chunk_stored_bytes")
        self._check_limit(decoded_size, "max_chunk_decoded_bytes")
        self._check_limit(records, "max_chunk_records")
        self._check_limit(self.records + records, "max_records")
        if kind == TRAILER:
            return
        decoded = self.decoded_bytes + decoded_size
        stored = self.stored_bytes + stored_size
        self._check_limit(self.chunks + 1, "max_chunks")
        self._check_limit(decoded, "max_decoded_bytes")
        self._check_limit(expansion(decoded, stored), "max_expansion")

    @property
    def rounds(self) -> list[RoundCounts]:
        """The counts of each round so far; none of a state that comes whole."""
        return self._order.rounds

    def _check_trailer(self, payload: bytes) -> None:
        try:
            trailer = Decoder(strict=False).decode(own_schema.TRAILER, payload)
        except Fault as fault:
            raise self._error(
                Malformed, f"not a StreamTrailer message: {fault.message}"
            ) from None
        for name, seen in (
            ("chunks", self.chunks),
            ("records", self.records),
            ("decoded_bytes", self.decoded_bytes),
            ("stored_bytes", self.stored_bytes),
            ("digest", self._previous),
        ):
            if trailer[name] != seen:
                raise self._error(
                    ChecksumError,
                    f"the trailer says {name} = {trailer[name]}, read were {seen}",
                )
        said = [RoundCounts(**counts) for counts in trailer["rounds"]]
        if said != self.rounds:
            raise self._error(
                ChecksumError,
                f"the trailer says rounds = {said}, read were {self.rounds}",
            )
        if self._file.read(1):
            self._item = self.offset
            raise self._error(TrailingBytes, "bytes follow the trailer")
        self.complete = True
