# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Annotations: what a schema reader refuses, field by field."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

import devstate

REQUIRED = {
    "number": 1,
    "offset": -1,
    "real": 0.5,
    "flag": True,
    "color": "RED",
    "text": "x",
    "data": b"x",
    "maybe": 0,
    "part": {"id": 1},
    "list": [0],
    "map": {"": 0},
}
MINUS_ZERO = {**REQUIRED, "real": -0.0}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in REQUIRED.items() if key != name}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("numbers", {"i32": -3, "i64": 2**63 - 2, "any_i64": -(2**63)}),
        ("numbers", {"real": 16777216.0, "choice": -2, "far_choice": -1000}),
        ("identified", {"id": 2**64 - 1}),
        ("powers", {"size": 8, "wide": 2**62}),
        ("required", REQUIRED),
        ("required", MINUS_ZERO),
        ("places", {"many": [1, 9], "maybe": 9, "word": "ab"}),
        ("gated", {}),
        ("newer", {"limit": 0}),
    ],
)
def test_allowed(table: str, row: dict[str, Any], bounds: devstate.Schema) -> None:
    data = devstate.dumps({table: [row]}, bounds)
    assert devstate.verify(data, deep=True)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("numbers", {"i32": -4}),
        ("numbers", {"i32": 5}),
        ("numbers", {"u32": 2**32 - 1}),
        ("numbers", {"u64": 2**63}),
        ("numbers", {"real": 16777220.0}),
        ("numbers", {"wide_real": float("nan")}),
        ("numbers", {"wide_real": -0.5}),
        ("numbers", {"choice": 1}),
        ("numbers", {"far_choice": 1000000}),
        ("numbers", {"text": "abcd"}),
        ("numbers", {"data": b"123456789"}),
        ("identified", {}),
        ("powers", {"size": 6}),
        ("powers", {"size": 16}),
        ("powers", {"size": 2, "wide": -(2**63)}),
        *(("required", without(name)) for name in REQUIRED),
        ("required", {**REQUIRED, "list": [1, 2, 3, 4]}),
        ("places", {"part": {"id": 0}}),
        ("places", {"part": {}}),
        ("places", {"by_name": {"a": {"id": 10}}}),
        ("places", {"number": 0}),
        ("places", {"words": ["abc"]}),
        ("places", {"few": {1: 1, 2: 2}}),
        ("newer", {}),
    ],
)
def test_refused_on_save_and_on_load(
    table: str, row: dict[str, Any], bounds: devstate.Schema
) -> None:
    with pytest.raises(devstate.SaveError, match=f"{table}\\."):
        devstate.dumps({table: [row]}, bounds)
    data = unchecked(bounds, table, row)
    found = devstate.verify(data, deep=True)
    assert found.reason == "CONSTRAINT"
    assert found.message.startswith(f"{table}.")
    devstate.load(data, check_annotations=False)


def unchecked(schema: devstate.Schema, table: str, row: dict[str, Any]) -> bytes:
    """Returns a stream whose writer does not look at annotations."""
    return devstate.dumps({table: [row]}, schema, check_annotations=False)


def test_older_streams_are_exempt_from_newer_requirements(
    bounds: devstate.Schema,
) -> None:
    data = unchecked(bounds, "newer", {"id": 1})
    assert devstate.verify(data, deep=True).reason == "CONSTRAINT"
    with mock.patch.object(bounds, "version", 2):
        older = unchecked(bounds, "newer", {"id": 1})
    assert devstate.verify(older, deep=True, schema=bounds)
