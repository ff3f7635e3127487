# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Schemas, whose canonical forms and fingerprints all implementations share."""

# One small schema a line.
# ruff: noqa: E501

from __future__ import annotations

import tempfile
from pathlib import Path

import devstate

from .kit import PROTO, SCHEMA_FILES, Cases, schema


def add(cases: Cases) -> None:
    for name, _, _ in SCHEMA_FILES:
        cases.schema(f"schema/of {name}", schema(name))
    for name, text in SMALL_SCHEMAS.items():
        cases.schema(f"schema/{name}", compiled(text))


def compiled(text: str) -> devstate.Schema:
    """Returns the schema in a .proto file of this text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schema.proto"
        file.write_text(
            'syntax = "proto3"; package a; import "devstate/options.proto";' + text
        )
        return devstate.load_schema(file, include=[folder, PROTO], root="Root")


_OPTION = 'option (devstate.message) = { schema: "a" version: 1 };'
_ROOT = "message Root { " + _OPTION
SMALL_SCHEMAS = {
    "one field": _ROOT + "uint32 count = 1; }",
    "the document's": _ROOT + "uint32 count = 1 [(devstate.field).max = 9]; }",
    "no field": _ROOT + "}",
    "fields out of order": _ROOT + "uint32 b = 2; uint32 a = 1; }",
    "reserved numbers": _ROOT + 'reserved 2, 5 to 9; reserved "x"; uint32 a = 1; }',
    "json name": _ROOT + 'uint32 a = 1 [json_name = "other"]; }',
    "deprecated field": _ROOT + "uint32 a = 1 [deprecated = true]; }",
    "packed field": _ROOT + "repeated uint32 a = 1 [packed = false]; }",
    "optional": _ROOT + "optional uint32 a = 1; optional string b = 2; }",
    "oneof": _ROOT + "oneof choice { uint32 a = 1; string b = 2; } }",
    "oneofs by their smallest numbers": _ROOT
    + "oneof x { uint32 a = 5; } oneof y { uint32 b = 4; uint32 c = 9; } optional uint32 d = 1; }",
    "nested messages and enums": _ROOT
    + "message Part { enum Kind { NONE = 0; } Kind kind = 1; } repeated Part parts = 1; }",
    "unused messages": _ROOT + "uint32 a = 1; } message Unused { uint32 b = 1; }",
    "messages by name": _ROOT
    + "B b = 1; A a = 2; } message A {} message B { A a = 1; }",
    "map": _ROOT
    + "map<string, Part> parts = 1; } message Part { map<int32, bytes> m = 1; }",
    "enum": _ROOT + "Color color = 1; } enum Color { RED = 0; BLUE = -5; GREEN = 3; }",
    "enum with two names for a number": _ROOT
    + "Color color = 1; } enum Color { option allow_alias = true; RED = 0; ROT = 0; AZURE = 2; BLUE = 2; }",
    "enum reserves": _ROOT
    + 'Color color = 1; } enum Color { RED = 0; reserved 4; reserved "OLD"; }',
    "enum values annotated": _ROOT
    + "Color color = 1; } enum Color { RED = 0; BLUE = 1 [(devstate.enum_value) = { since: 1 renumbered_from: 7 renumbered_from: -2 }]; }",
    "bounds": _ROOT
    + "int64 a = 1 [(devstate.field) = { min: -9223372036854775808 max: 0 }]; }",
    "bounds of zero": _ROOT
    + "int64 a = 1 [(devstate.field) = { min: 0 max: 5 }]; string b = 2 [(devstate.field).max_len = 0]; }",
    "every annotation": _ROOT
    + 'uint32 a = 1 [(devstate.field) = { volatile: true sensitive: true owner: "x" encoding: "be32" unit: "ns" meaning_rev: 2 since: 1 write_until: 1 feature: "F" }]; }',
    "annotations in any order": _ROOT
    + 'uint32 a = 1 [(devstate.field).unit = "ns", (devstate.field).min = 1, (devstate.field).since = 1]; }',
    "annotation at its default": _ROOT
    + "uint32 a = 1 [(devstate.field).required = false]; }",
    "lists in annotations": _ROOT
    + 'int32 a = 1 [(devstate.field) = { one_of: [5, -1, 0] renamed_from: "b" renamed_from: "c" }]; }',
    "tombstones": 'message Root { option (devstate.message) = { schema: "a" version: 3 device: "virtio-a" min_reader: 2 tombstone { number: 4 name: "old" type: "uint32" ignorable: true last_written: 2 } }; uint32 a = 1; reserved 4; }',
    "keys": _ROOT
    + 'repeated R rows = 1 [(devstate.field).unique_by = "id"]; } message R { option (devstate.message).key = "id"; uint64 id = 1; }',
    "comments": "/* Before. */ "
    + _ROOT
    + "// Of the field.\nuint32 a = 1; // After.\n}",
    "numbers of every size": _ROOT
    + "uint32 a = 1; uint32 b = 15; uint32 c = 16; uint32 d = 2047; uint32 e = 2048; uint32 f = 536870911; }",
    "every type": _ROOT
    + "".join(
        f"{name} f{i} = {i};"
        for i, name in enumerate(
            (
                "int32",
                "int64",
                "uint32",
                "uint64",
                "sint32",
                "sint64",
                "fixed32",
                "fixed64",
                "sfixed32",
                "sfixed64",
                "float",
                "double",
                "bool",
                "string",
                "bytes",
            ),
            1,
        )
    )
    + "}",
}
