# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What bounds a reader, and what writers obey (docs/stream_format.md, "Limits")."""

from __future__ import annotations

from dataclasses import dataclass

# Up to here the expansion of a stream is not judged.
EXPANSION_FREE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Everything that bounds what a stream can make a reader do."""

    max_header_bytes: int = 64 * 1024
    max_chunk_stored_bytes: int = 1024 * 1024
    max_chunk_decoded_bytes: int = 1024 * 1024
    max_chunk_records: int = 65536
    max_batch_memory: int = 16 * 1024 * 1024
    max_chunks: int = 4 * 1024 * 1024
    max_records: int = 1024 * 1024 * 1024
    max_decoded_bytes: int = 64 * 1024 * 1024 * 1024
    max_expansion: int = 1024
    max_rounds: int = 1024
    max_merge_bytes: int = 1024 * 1024 * 1024


def expansion(decoded: int, stored: int) -> int:
    """Returns how often `stored` fits into `decoded`, for max_expansion."""
    if decoded <= EXPANSION_FREE_BYTES:
        return 0
    return decoded // max(stored, 1)
