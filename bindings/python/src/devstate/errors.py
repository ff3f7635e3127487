# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a stream, one class for each reason of the format."""

from __future__ import annotations


class DevstateError(Exception):
    """Every error of this package."""


class SchemaError(DevstateError, ValueError):
    """A schema is missing, is not a schema, or is not the one of the stream."""


class SaveError(DevstateError, ValueError):
    """A state cannot be written as the schema has it; no reader would load it."""


class ToolError(DevstateError):
    """The devstate command is missing or failed."""


class StreamError(DevstateError):
    """A stream was refused.

    `reason` is the word of docs/stream_format.md, `offset` counts bytes from the
    start of the stream to the chunk (or the prefix, or the header) in question, and
    `chunk` is that chunk's index, or None outside of chunks.
    """

    reason = ""

    def __init__(self, message: str, offset: int = 0, chunk: int | None = None):
        place = f"offset {offset:#x}: "
        if chunk is not None:
            place += f"chunk {chunk}: "
        super().__init__(place + message)
        self.message = message
        self.offset = offset
        self.chunk = chunk


class NotAStream(StreamError):
    """The bytes are something else."""

    reason = "NOT_A_STREAM"


class NoTrailer(StreamError):
    """The source ended before the trailer: writer killed, stream cut."""

    reason = "NO_TRAILER"


class ChecksumError(StreamError):
    """A checksum, a sequence number or the trailer's counts do not hold."""

    reason = "CHECKSUM"


class TrailingBytes(StreamError):
    """Bytes follow the trailer."""

    reason = "TRAILING_BYTES"


class LimitExceeded(StreamError):
    """A limit of the reader, see devstate.Limits."""

    reason = "LIMIT"


class Malformed(StreamError):
    """Checksums hold, but the content breaks the format."""

    reason = "MALFORMED"


class UnknownContent(StreamError):
    """A version, chunk, column or value of a newer release."""

    reason = "UNKNOWN_CONTENT"


class ConstraintViolation(StreamError):
    """A value breaks an annotation of the schema."""

    reason = "CONSTRAINT"


class Fault(Exception):
    """A refusal that does not know yet where in the stream it is.

    Codecs of messages and columns raise it; the reader of the stream adds offset
    and chunk.
    """

    def __init__(self, error: type[StreamError], message: str):
        super().__init__(message)
        self.error = error
        self.message = message

    def at(self, offset: int, chunk: int | None) -> StreamError:
        """Returns the error of the stream for this place."""
        return self.error(self.message, offset, chunk)


def malformed(message: str) -> Fault:
    """Returns a fault of the reason MALFORMED."""
    return Fault(Malformed, message)


def unknown(message: str) -> Fault:
    """Returns a fault of the reason UNKNOWN_CONTENT."""
    return Fault(UnknownContent, message)
