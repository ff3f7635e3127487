# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Schemas: fingerprints, canonical forms, sizes, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

import devstate
from devstate.sizes import message_size, variable_size

from .conftest import PROTO

# docs/stream_format.md, "Fingerprint".
SMALL = """
syntax = "proto3";
package a;
import "devstate/options.proto";
message Root {
  option (devstate.message) = { schema: "a" version: 1 };
  uint32 count = 1 [(devstate.field).max = 9];
}
"""
CANONICAL = (
    "0a06612e526f6f74222a0a06612e526f6f7412150a05636f756e74180120012 80d4206dad8180260"
    "093a09dad818050a0161100162 0670726f746f33"
)
FINGERPRINT = "7c32d66756a19227f3cc0acb78efa30a169af228aed207c8769566a66bd1b123"

# docs/stream_format.md, "Sizes".
SIZED = """
syntax = "proto3";
package a;
import "devstate/options.proto";
message Root {
  option (devstate.message) = { schema: "a" version: 1 };
  repeated Record records = 1;
}
message Owner { uint32 uid = 1; string name = 2; }
message Record {
  bool flag = 1;
  bytes data = 2;
  optional uint64 limit = 3;
  Owner owner = 4;
  repeated Owner owners = 5;
}
"""


def load(tmp_path: Path, text: str, root: str = "") -> devstate.Schema:
    file = tmp_path / "schema.proto"
    file.write_text(text)
    return devstate.load_schema(file, include=[tmp_path, PROTO], root=root)


def test_canonical_form_is_that_of_the_document(tmp_path: Path) -> None:
    schema = load(tmp_path, SMALL)
    assert schema.canonical_form.hex() == CANONICAL.replace(" ", "")
    assert schema.fingerprint.hex() == FINGERPRINT


def test_fingerprint_ignores_what_no_state_shows(tmp_path: Path) -> None:
    text = SMALL.replace("message Root {", "message Root {\n  // A comment.\n")
    text = text.replace("message Root {", "message Root { reserved 7;")
    assert load(tmp_path, text).fingerprint.hex() == FINGERPRINT
    text = SMALL.replace("max = 9", "max = 8")
    assert load(tmp_path, text).fingerprint.hex() != FINGERPRINT


def test_sizes_are_those_of_the_document(tmp_path: Path) -> None:
    schema = load(tmp_path, SIZED)
    record = schema.root.by_name["records"].message
    assert record is not None
    assert message_size(record) == 96
    owner = {"uid": 1, "name": "abc"}
    value = {"data": b"12345", "owners": [owner, owner]}
    assert message_size(record) + variable_size(record, value) == 171


def test_a_message_that_contains_itself_is_refused(tmp_path: Path) -> None:
    text = SIZED.replace("Owner owner = 4;", "Record again = 4;")
    with pytest.raises(devstate.SchemaError, match="contains itself"):
        load(tmp_path, text)


def test_a_file_that_does_not_compile_says_why(tmp_path: Path) -> None:
    with pytest.raises(devstate.SchemaError, match="does not compile"):
        load(tmp_path, SMALL.replace("uint32", "uint31"))


@pytest.mark.parametrize("given", [b"", b"\xff\xff", 17, "missing.binpb"])
def test_what_is_no_schema_is_refused(given: object) -> None:
    with pytest.raises(devstate.SchemaError):
        devstate.load_schema(given)


def test_missing_root_lists_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(devstate.SchemaError, match="root="):
        load(tmp_path, SMALL, root="Other")
