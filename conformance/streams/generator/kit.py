# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Cases and the schemas that they are of."""

from __future__ import annotations

import base64
import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import devstate
from devstate.json_text import JsonMaker

TREE = Path(__file__).resolve().parents[3]
FOLDER = TREE / "conformance" / "streams"
PROTO = TREE / "proto"

# The reasons of docs/stream_format.md.
NOT_A_STREAM = "NOT_A_STREAM"
NO_TRAILER = "NO_TRAILER"
CHECKSUM = "CHECKSUM"
TRAILING_BYTES = "TRAILING_BYTES"
LIMIT = "LIMIT"
MALFORMED = "MALFORMED"
UNKNOWN = "UNKNOWN_CONTENT"
CONSTRAINT = "CONSTRAINT"

# What to do with streams that are about annotations.
CHECK = ("check",)

# Larger values are left out: any will do.
MAX_VALUE = 400_000

# Types of devices besides fs. All have a version 1.
DEVICES = (
    *("net", "blk", "balloon", "can", "console", "gpio", "gpu", "input", "iommu"),
    *("mem", "nvme", "opaque", "rng", "rtc", "scsi", "snd", "vsock"),
)

# Name, .proto file within the tree, folders of imports.
SCHEMA_FILES = (
    ("kit", "conformance/streams/kit.proto", ("conformance/streams",)),
    ("everything", "tests/codegen/everything.proto", ("tests/codegen",)),
    ("bounds", "tests/codegen/bounds.proto", ("tests/codegen",)),
    ("t", "tests/stream_cases/t.proto", ("tests/stream_cases",)),
    ("hello", "examples/hello_backend/hello.proto", ("examples/hello_backend",)),
    ("queue", "tests/release/queue.proto", ("tests/release",)),
    *((f"fs.{n}", f"proto/devices/fs/v1/released/{n}/fs.proto", ()) for n in (1, 2, 3)),
    *((f"{t}.1", f"proto/devices/{t}/v1/released/1/{t}.proto", ()) for t in DEVICES),
    ("net.2", "proto/devices/net/v1/released/2/net.proto", ()),
)


@functools.cache
def schema(name: str) -> devstate.Schema:
    """Returns a schema of the kit."""
    for known, file, folders in SCHEMA_FILES:
        if known == name:
            path = TREE / file
            includes = [TREE / folder for folder in folders] or [path.parent]
            return devstate.load_schema(path, include=[*includes, PROTO])
    raise KeyError(name)


def base64_text(data: bytes) -> str:
    """Returns bytes as the kit's files have them."""
    return base64.b64encode(data).decode()


@dataclass
class Cases:
    """All cases, in the order in which they are made."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def accept(
        self,
        name: str,
        schema_name: str | None,
        stream: bytes,
        state: dict[str, Any] | None = None,
        *,
        do: tuple[str, ...] = ("verify", "decode", "encode"),
        level: str = "required",
        compare: bool = True,
    ) -> None:
        """Adds a stream that every implementation takes.

        `state` is what it holds, by who made it; the reader of this package must say
        the same. Without it the reader alone says what it holds. Without `compare` the
        value is left out of the case.
        """
        made = None if schema_name is None else schema(schema_name)
        with devstate.open(
            stream, schema=made, check_annotations="check" in do
        ) as opened:
            read = opened.load()
            maker = JsonMaker(opened.schema, redact=False)
            value = maker.message(opened.schema.root, read)
            if state is not None:
                expected = maker.message(opened.schema.root, state)
                if _text(value) != _text(expected):
                    raise AssertionError(f"{name}: {value}\nis not {expected}")
        row = self._row(name, schema_name, stream, do, level)
        if compare and len(json.dumps(value)) <= MAX_VALUE:
            row["value"] = value
        self.rows.append(row)

    def refuse(
        self,
        name: str,
        schema_name: str | None,
        stream: bytes,
        *reasons: str,
        do: tuple[str, ...] = ("decode",),
        level: str = "required",
    ) -> None:
        """Adds a stream that is refused with one of `reasons`."""
        made = None if schema_name is None else schema(schema_name)
        for action in do:
            if action == "verify":
                found = devstate.verify(stream).reason
            else:
                annotations = action == "check"
                found = devstate.verify(
                    stream, deep=True, schema=made, check_annotations=annotations
                ).reason
            if found not in reasons:
                raise AssertionError(f"{name}: {action} gave {found!r}, not {reasons}")
        row = self._row(name, schema_name, stream, do, level)
        row["refuse"] = sorted(reasons)
        self.rows.append(row)

    def schema(self, name: str, made: devstate.Schema) -> None:
        """Adds a schema whose canonical form and fingerprint must come out."""
        self.rows.append(
            {
                "name": self._unique(name),
                "level": "required",
                "do": ["fingerprint"],
                "root": made.root.full_name,
                "descriptor_set": base64_text(descriptor_set(made)),
                "canonical": base64_text(made.canonical_form),
                "fingerprint": made.fingerprint.hex(),
            }
        )

    def _row(
        self,
        name: str,
        schema_name: str | None,
        stream: bytes,
        do: tuple[str, ...],
        level: str,
    ) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": self._unique(name),
            "level": level,
            "do": list(do),
        }
        if schema_name is not None:
            row["schema"] = schema_name
        row["stream"] = base64_text(stream)
        return row

    def _unique(self, name: str) -> str:
        if name in self._names:
            raise AssertionError(f"two cases are called {name}")
        self._names.add(name)
        return name


def descriptor_set(made: devstate.Schema) -> bytes:
    """Returns the files of a schema as one FileDescriptorSet."""
    from google.protobuf import descriptor_pb2

    return descriptor_pb2.FileDescriptorSet(file=made.files).SerializeToString(
        deterministic=True
    )


def _text(value: Any) -> str:
    # The order of a map's entries says nothing.
    return json.dumps(value, sort_keys=True)
