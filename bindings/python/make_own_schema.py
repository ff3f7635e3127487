# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Writes src/devstate/own_schema.binpb from proto/devstate."""

from __future__ import annotations

import sys
from pathlib import Path

from google.protobuf import descriptor_pb2

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "src"))


def own_schema() -> bytes:
    """Returns the descriptors of the format's own messages, without comments."""
    from devstate.schema_loader import compile_proto

    proto = HERE.parent.parent / "proto"
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    for name in ("stream.proto", "options.proto"):
        data = compile_proto(proto / "devstate" / name, [proto])
        for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
            files[file.name] = file
    found = descriptor_pb2.FileDescriptorSet()
    for name in (
        "devstate/implementation.proto",
        "devstate/stream.proto",
        "devstate/options.proto",
    ):
        copy = found.file.add()
        copy.CopyFrom(files[name])
        for message in copy.message_type:
            for item in message.field:
                item.ClearField("json_name")
        for item in copy.extension:
            item.ClearField("json_name")
    return found.SerializeToString(deterministic=True)


if __name__ == "__main__":
    (HERE / "src" / "devstate" / "own_schema.binpb").write_bytes(own_schema())
