# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Schemas from wherever a caller has one: descriptors, .proto files, headers."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from google.protobuf.message import DecodeError

from .errors import Fault, SchemaError
from .schema import Schema
from .zstd_frame import content_size, decompress

# What a descriptor set out of a stream may have.
MAX_EMBEDDED_BYTES = 1024 * 1024

# A schema; the bytes of a FileDescriptorSet; the path of one, or of a .proto file;
# a module that protoc generated, or a message class of it.
SchemaLike = Any


def load_schema(
    given: SchemaLike, include: Sequence[str | os.PathLike[str]] = (), root: str = ""
) -> Schema:
    """Returns the schema that `given` is. Raises SchemaError."""
    if isinstance(given, Schema):
        return given
    if isinstance(given, bytes):
        return Schema(_parse(given, "the descriptor set").file, root)
    if isinstance(given, (str, os.PathLike)):
        path = Path(given)
        data = compile_proto(path, include) if path.suffix == ".proto" else _read(path)
        return Schema(_parse(data, str(path)).file, root)
    descriptor = getattr(given, "DESCRIPTOR", None)
    if descriptor is None:
        raise SchemaError(
            f"{given!r} is no schema: expected a path, a FileDescriptorSet as bytes, "
            "or a module or class that protoc generated"
        )
    if hasattr(descriptor, "file"):
        return Schema(_with_imports(descriptor.file), root or descriptor.full_name)
    return Schema(_with_imports(descriptor), root)


def embedded_schema(header: dict[str, Any]) -> Schema:
    """Returns the schema that a header carries, if it is the one it speaks of."""
    frame: bytes = header["descriptor_set"]
    if not frame:
        raise SchemaError("the stream carries no schema: name its schema")
    try:
        size = content_size(frame)
        if size > MAX_EMBEDDED_BYTES:
            raise SchemaError(
                f"the stream's own schema has {size} bytes, more than "
                f"{MAX_EMBEDDED_BYTES}"
            )
        data = decompress(frame, size)
    except Fault as fault:
        raise SchemaError(
            f"the stream's own schema is damaged: {fault.message}: name the schema"
        ) from None
    files = _parse(data, "the stream's own schema").file
    schema = Schema(files, header["root_message"], source="embedded")
    for name, own, said in (
        ("root message", schema.root.full_name, header["root_message"]),
        ("name", schema.name, header["schema"]),
        ("version", schema.version, header["schema_version"]),
        ("fingerprint", schema.fingerprint, header["fingerprint"]),
    ):
        if own != said:
            raise SchemaError(
                f"the stream's own schema has the {name} {own!r}, its header says "
                f"{said!r}: name the schema"
            )
    return schema


def _parse(data: bytes, place: str) -> descriptor_pb2.FileDescriptorSet:
    try:
        found = descriptor_pb2.FileDescriptorSet.FromString(data)
    except DecodeError:
        raise SchemaError(f"{place} is no FileDescriptorSet") from None
    if not found.file:
        raise SchemaError(f"{place} holds no file")
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SchemaError(f"cannot read the schema: {error}") from None


def _with_imports(file: Any) -> list[descriptor_pb2.FileDescriptorProto]:
    found: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def add(one: Any) -> None:
        if one.name in found:
            return
        for dependency in one.dependencies:
            add(dependency)
        proto = descriptor_pb2.FileDescriptorProto()
        one.CopyToProto(proto)
        found[one.name] = proto

    add(file)
    return list(found.values())


def compile_proto(path: Path, include: Sequence[str | os.PathLike[str]]) -> bytes:
    """Returns the descriptor set of a .proto file, with what it imports.

    The file must lie in a folder of `include`; without any, in its own.
    """
    if not path.is_file():
        raise SchemaError(f"cannot read the schema: there is no file {path}")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "schema.binpb"
        command = [
            *_protoc(),
            *(f"-I{item}" for item in include or [path.parent]),
            "--include_imports",
            f"--descriptor_set_out={output}",
            str(path),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SchemaError(
                f"{path} does not compile; name the folders of its imports with "
                f"include=:\n{done.stderr.strip()}"
            )
        return output.read_bytes()


def _protoc() -> list[str]:
    """Returns the command that is protoc, without arguments."""
    found = shutil.which("protoc")
    if found is not None:
        return [found]
    if importlib.util.find_spec("grpc_tools") is None:
        raise SchemaError(
            "a .proto file takes protoc: install protobuf-compiler or grpcio-tools, "
            "or give the schema as a descriptor set"
        )
    import grpc_tools

    own = Path(grpc_tools.__file__).parent / "_proto"
    return [sys.executable, "-m", "grpc_tools.protoc", f"-I{own}"]
