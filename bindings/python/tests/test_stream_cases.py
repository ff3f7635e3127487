# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""tests/stream_cases, by the table that says what each reader answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import devstate

from .conftest import PROTO, TREE

FOLDER = TREE / "tests" / "stream_cases"


def cases() -> list[tuple[str, str, set[str]]]:
    found = []
    for line in (FOLDER / "cases.txt").read_text().splitlines():
        words = line.split()
        # "deep" is the command's judgement, by rules.
        if not words or words[0].startswith("#") or words[1] == "deep":
            continue
        found.append((words[0], words[1], set(words[-1].split(","))))
    return found


@pytest.fixture(scope="module")
def everything_file() -> devstate.Schema:
    folder = TREE / "tests" / "codegen"
    return devstate.load_schema(folder / "everything.proto", include=[folder, PROTO])


@pytest.mark.parametrize(("name", "reader", "allowed"), cases())
def test_stream_case(
    name: str, reader: str, allowed: set[str], everything_file: devstate.Schema
) -> None:
    file: Path = FOLDER / f"{name}.dstate"
    schema = None
    with devstate.open(file) as stream:
        if not stream.header.has_schema:
            schema = everything_file
    try:
        devstate.load(file, schema=schema, check_annotations=reader == "strict")
        found = "accepted"
    except devstate.StreamError as error:
        found = error.reason
    assert found in allowed
