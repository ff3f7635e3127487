# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Writes cases.jsonl and schemas.jsonl; with --check it compares them instead."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from . import (
    annotation_cases,
    framing_cases,
    number_cases,
    random_cases,
    record_cases,
    root_cases,
    round_cases,
    schema_cases,
    string_cases,
    tree_cases,
)
from .kit import FOLDER, SCHEMA_FILES, Cases, base64_text, descriptor_set, schema

PARTS = (
    framing_cases,
    root_cases,
    number_cases,
    string_cases,
    record_cases,
    annotation_cases,
    tree_cases,
    random_cases,
    schema_cases,
    round_cases,
)


def files() -> dict[str, str]:
    """Returns the content of each file of the kit."""
    cases = Cases()
    for part in PARTS:
        part.add(cases)
    schemas = [
        {
            "name": name,
            "root": schema(name).root.full_name,
            "fingerprint": schema(name).fingerprint.hex(),
            "descriptor_set": base64_text(descriptor_set(schema(name))),
        }
        for name, _, _ in SCHEMA_FILES
    ]
    return {"cases.jsonl": lines(cases.rows), "schemas.jsonl": lines(schemas)}


def lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns one JSON object a line."""
    return "".join(
        json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n" for row in rows
    )


def main() -> int:
    """Returns the exit code."""
    check = sys.argv[1:] == ["--check"]
    wrong = 0
    for name, content in files().items():
        path = FOLDER / name
        if not check:
            path.write_text(content)
            print(f"{path.name}: {content.count(chr(10))} lines, {len(content)} bytes")
        elif not path.exists() or path.read_text() != content:
            print(f"{path.name} is not what the generator makes: run it")
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
