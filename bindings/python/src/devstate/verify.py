# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Is a stream whole? Answers without an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import StreamError
from .reader import Source, Stream
from .schema_loader import SchemaLike


@dataclass(frozen=True)
class Verification:
    """What verify() found. `reason` is empty if the stream is whole."""

    ok: bool
    reason: str
    offset: int
    chunk: int | None
    message: str
    counts: dict[str, int]

    def __bool__(self) -> bool:
        return self.ok


def verify(
    source: Source, *, deep: bool = False, schema: SchemaLike = None, **options: Any
) -> Verification:
    """Checks every checksum, count and the order of a stream.

    With `deep` also every column and, record by record, the annotations of the schema
    that is given or that the stream carries. OSError and SchemaError are raised: then
    nothing is known of the stream.
    """
    stream = None
    try:
        stream = Stream(source, schema=schema, **options)
        if deep:
            for _ in stream.batches():
                pass
        else:
            stream.verify_framing()
    except StreamError as error:
        counts = stream.counts if stream is not None else {}
        return Verification(
            False, error.reason, error.offset, error.chunk, error.message, counts
        )
    finally:
        if stream is not None:
            stream.close()
    return Verification(True, "", 0, None, "whole", stream.counts)
