# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of the format itself: header, trailer and annotations.

`own_schema.binpb` is proto/devstate/stream.proto, what that imports, and options.proto
as protoc makes descriptors of them; tests/test_own_schema.py holds it to them.
"""

from __future__ import annotations

from pathlib import Path

from google.protobuf import descriptor_pb2

from .table import Table

FILE = Path(__file__).with_name("own_schema.binpb")


def _read() -> Table:
    files = descriptor_pb2.FileDescriptorSet.FromString(FILE.read_bytes())
    return Table(files.file)


TABLE = _read()
HEADER = TABLE.message("devstate.StreamHeader")
TRAILER = TABLE.message("devstate.StreamTrailer")
FIELD_ANNOTATIONS = TABLE.message("devstate.FieldAnnotations")
MESSAGE_ANNOTATIONS = TABLE.message("devstate.MessageAnnotations")
ENUM_VALUE_ANNOTATIONS = TABLE.message("devstate.EnumValueAnnotations")
# The number of each (devstate.…) option.
OPTION_NUMBER = 50571
