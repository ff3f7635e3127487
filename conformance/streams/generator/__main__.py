# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Writes cases.jsonl and schemas.jsonl; with --check it compares them instead."""

from __future__ import annotations

import json
import sys

from . import framing_cases, number_cases, other_cases, record_cases, root_cases
from .kit import FOLDER, SCHEMA_FILES, Cases, base64_text, descriptor_set, schema


def files() -> dict[str, str]:
    """Returns the content of each file of the kit."""
    cases = Cases()
    framing_cases.add(cases)
    root_cases.add(cases)
    number_cases.add(cases)
    record_cases.add(cases)
    other_cases.annotation_cases(cases)
    other_cases.golden_cases(cases)
    other_cases.stream_cases(cases)
    other_cases.random_cases(cases)
    other_cases.schema_cases(cases)
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


def lines(rows: list[dict[str, object]]) -> str:
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
