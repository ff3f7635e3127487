# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Reads, writes and verifies devstate streams: the state of virtual devices.

An implementation of docs/stream_format.md of its own, in Python and numpy.
"""

from __future__ import annotations

from typing import Any

from .columns import Columns, Numbers, Occurrences, Strings
from .diff import Change, diff
from .errors import (
    ChecksumError,
    ConstraintViolation,
    DevstateError,
    LimitExceeded,
    Malformed,
    NotAStream,
    NoTrailer,
    SaveError,
    SchemaError,
    StreamError,
    ToolError,
    TrailingBytes,
    UnknownContent,
)
from .limits import Limits
from .reader import Batch, Header, Source, Stream
from .schema import Schema
from .schema_loader import SchemaLike, load_schema
from .tool import Check, check
from .values import EnumValue
from .verify import Verification, verify
from .version import __version__
from .writer import Writer, dump, dumps

__all__ = [
    "Batch",
    "Change",
    "Check",
    "ChecksumError",
    "Columns",
    "ConstraintViolation",
    "DevstateError",
    "EnumValue",
    "Header",
    "LimitExceeded",
    "Limits",
    "Malformed",
    "NoTrailer",
    "NotAStream",
    "Numbers",
    "Occurrences",
    "SaveError",
    "Schema",
    "SchemaError",
    "SchemaLike",
    "Stream",
    "StreamError",
    "Strings",
    "ToolError",
    "TrailingBytes",
    "UnknownContent",
    "Verification",
    "Writer",
    "__version__",
    "check",
    "diff",
    "dump",
    "dumps",
    "load",
    "load_schema",
    "open",
    "to_json",
    "verify",
]


def open(source: Source, **options: Any) -> Stream:
    """Opens a stream and reads its header; no schema is needed for that.

    `source` is a path, bytes or a file. Options:

    schema: what to read by, see load_schema(). Default: what the stream carries.
    include: folders of the imports of a .proto file.
    root: the root message of `schema`, if it has several.
    limits: what bounds the reader. Default: Limits().
    check_annotations: whether values must be within the schema's annotations.
        Default: True.
    """
    return Stream(source, **options)


def load(source: Source, **options: Any) -> dict[str, Any]:
    """Returns a state as one dict, records included; options as open().

    All or nothing: StreamError if anything of the stream does not hold.
    """
    with Stream(source, **options) as stream:
        return stream.load()


def to_json(source: Source, redact: bool = True, **options: Any) -> str:
    """Returns a state as protobuf's JSON; options as open().

    Sensitive fields are not shown unless `redact` is False.
    """
    with Stream(source, **options) as stream:
        return stream.to_json(redact)
