# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A payload that is exactly one zstd frame (RFC 8878)."""

from __future__ import annotations

import zstandard

from .errors import malformed

MAGIC = b"\x28\xb5\x2f\xfd"
MAX_WINDOW_BYTES = 1 << 31

_SINGLE_SEGMENT = 1 << 5
_CHECKSUM = 1 << 2
_RLE = 1


def content_size(frame: bytes) -> int:
    """Returns the content size that the frame header declares."""
    return _walk_header(frame)[1]


def decompress(frame: bytes, size: int) -> bytes:
    """Returns the `size` bytes in `frame`. Raises a Fault of MALFORMED.

    The binding takes several frames, skippable ones and other sizes, so the frame is
    walked before.
    """
    at, declared = _walk_header(frame)
    if declared != size:
        raise malformed(f"the zstd frame declares {declared} bytes, expected {size}")
    if _walk_blocks(frame, at) != len(frame):
        raise malformed("the payload is not exactly one zstd frame")
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    try:
        # decompress() alone looks into no frame that declares 0 bytes.
        data = (
            decompressor.decompress(frame, max_output_size=size)
            if size
            else decompressor.decompressobj().decompress(frame)
        )
    except zstandard.ZstdError as error:
        raise malformed(f"zstd cannot decompress: {error}") from None
    if len(data) != size:
        raise malformed(f"the zstd frame holds {len(data)} bytes, expected {size}")
    return data


def compress(data: bytes, level: int) -> bytes:
    """Returns `data` in one frame that declares its size."""
    return zstandard.ZstdCompressor(level=level, write_content_size=True).compress(data)


def _walk_header(frame: bytes) -> tuple[int, int]:
    """Returns where the blocks begin and the content size."""
    if frame[:4] != MAGIC:
        raise malformed("the payload is not a zstd frame")
    if len(frame) < 5:
        raise malformed("the zstd frame is cut")
    descriptor = frame[4]
    at = 5
    single = bool(descriptor & _SINGLE_SEGMENT)
    size_bytes = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    dictionary_bytes = (0, 1, 2, 4)[descriptor & 3]
    end = at + (0 if single else 1) + dictionary_bytes + size_bytes
    if len(frame) < end:
        raise malformed("the zstd frame is cut")
    if not single:
        base = 1 << (10 + (frame[at] >> 3))
        if base + base // 8 * (frame[at] & 7) > MAX_WINDOW_BYTES:
            raise malformed("the zstd frame asks for a window above 2^31 bytes")
        at += 1
    if any(frame[at : at + dictionary_bytes]):
        raise malformed("the zstd frame asks for a dictionary")
    at += dictionary_bytes
    if size_bytes == 0:
        raise malformed("the zstd frame does not declare its content size")
    size = int.from_bytes(frame[at:end], "little")
    return end, size + 256 if size_bytes == 2 else size


def _walk_blocks(frame: bytes, at: int) -> int:
    """Returns where the frame ends."""
    while True:
        if at + 3 > len(frame):
            raise malformed("the zstd frame is cut")
        header = int.from_bytes(frame[at : at + 3], "little")
        at += 3 + (1 if header >> 1 & 3 == _RLE else header >> 3)
        if header & 1:
            break
    return at + (4 if frame[4] & _CHECKSUM else 0)
