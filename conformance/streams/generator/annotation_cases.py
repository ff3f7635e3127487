# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What a schema reader refuses, annotation by annotation."""

from __future__ import annotations

from typing import Any

import devstate
from devstate.batch_encoder import encode_batch

from .columns import unsigned
from .kit import CHECK, CONSTRAINT, Cases, schema
from .streams import field, stream

REQUIRED: dict[str, Any] = {
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
ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("numbers", {}),
    ("numbers", {"i32": -3}),
    ("numbers", {"i32": 4}),
    ("numbers", {"i64": 2**63 - 2}),
    ("numbers", {"i64": -(2**63) + 1}),
    ("numbers", {"any_i64": -(2**63)}),
    ("numbers", {"any_i64": 2**63 - 1}),
    ("numbers", {"u32": 2**32 - 2}),
    ("numbers", {"u64": 2**63 - 1}),
    ("numbers", {"real": 16777216.0}),
    ("numbers", {"real": -16777216.0}),
    ("numbers", {"wide_real": float("inf")}),
    ("numbers", {"choice": 3}),
    ("numbers", {"choice": -2}),
    ("numbers", {"far_choice": -1000}),
    ("numbers", {"text": "é"}),
    ("numbers", {"text": "abc"}),
    ("numbers", {"data": bytes(8)}),
    ("numbers", {"secret": 5}),
    ("identified", {"id": 1}),
    ("identified", {"id": 2**64 - 1}),
    *(
        ("powers", {"size": size, "wide": wide})
        for size, wide in ((2, 1), (4, 1 << 62), (8, 64))
    ),
    ("required", REQUIRED),
    ("required", {**REQUIRED, "offset": -(2**63), "color": "BLUE"}),
    ("required", {**REQUIRED, "list": [0, 0, 0], "with_feature": 7}),
    ("places", {}),
    ("places", {"part": {"id": 9}, "outer": {"inner": {"id": 1}}}),
    ("places", {"list": [{"id": 1}, {"id": 9}], "by_name": {"a": {"id": 5}}}),
    ("places", {"outer": {}}),
    ("places", {"number": 1}),
    (
        "places",
        {
            "word": "ab",
            "maybe": 9,
            "many": [1, 9, 5],
            "words": ["", "ab"],
            "few": {7: 7},
        },
    ),
    ("gated", {}),
    ("gated", {"size": 1}),
    ("newer", {"id": 1, "limit": 0}),
    ("colors", {"color": "BLUE", "many": ["NONE", "RED"]}),
]
FORBIDDEN: list[tuple[str, dict[str, Any]]] = [
    ("numbers", {"i32": -4}),
    ("numbers", {"i32": 5}),
    ("numbers", {"i64": 2**63 - 1}),
    ("numbers", {"i64": -(2**63)}),
    ("numbers", {"u32": 2**32 - 1}),
    ("numbers", {"u64": 2**63}),
    ("numbers", {"real": 16777220.0}),
    ("numbers", {"real": float("-inf")}),
    ("numbers", {"real": float("nan")}),
    ("numbers", {"wide_real": -5e-324}),
    ("numbers", {"wide_real": float("nan")}),
    ("numbers", {"choice": 1}),
    ("numbers", {"choice": -3}),
    ("numbers", {"far_choice": 1000000}),
    ("numbers", {"text": "éé"}),
    ("numbers", {"data": bytes(9)}),
    ("numbers", {"secret": 6}),
    ("identified", {}),
    *(("powers", {"size": size, "wide": 1}) for size in (0, 1, 3, 6, 16)),
    ("powers", {"size": 2, "wide": 0}),
    ("powers", {"size": 2, "wide": -1}),
    ("powers", {"size": 2, "wide": -(2**63)}),
    *(
        ("required", {k: v for k, v in REQUIRED.items() if k != name})
        for name in REQUIRED
    ),
    ("required", {**REQUIRED, "list": [1, 2, 3, 4]}),
    ("required", {**REQUIRED, "data": bytes(5)}),
    ("required", {**REQUIRED, "part": {"id": 10}}),
    ("places", {"part": {}}),
    ("places", {"part": {"id": 10}}),
    ("places", {"outer": {"inner": {}}}),
    ("places", {"list": [{"id": 1}, {"id": 0}]}),
    ("places", {"by_name": {"a": {"id": 10}}}),
    ("places", {"by_name": {"a": {}}}),
    ("places", {"number": 0}),
    ("places", {"chosen": {}}),
    ("places", {"word": "abc"}),
    ("places", {"maybe": 0}),
    ("places", {"many": [1, 0]}),
    ("places", {"many": [1, 1, 1, 1]}),
    ("places", {"words": ["abc"]}),
    ("places", {"few": {1: 1, 2: 2}}),
    ("newer", {"id": 1}),
]


def add(cases: Cases) -> None:
    made = schema("bounds")
    for i, (table, row) in enumerate(ALLOWED):
        data = unchecked(made, table, [row])
        cases.accept(
            f"annotations/allowed {i}: {table}",
            "bounds",
            data,
            {table: [row]},
            do=("decode", "check"),
            level="recommended",
        )
    good = dict(ALLOWED)
    for i, (table, row) in enumerate(FORBIDDEN):
        name = f"annotations/forbidden {i}: {table}"
        first = REQUIRED if table == "required" else good[table]
        if table == "identified":
            first = {"id": 1}
        for place, rows in (("first", [row, first]), ("last", [first, first, row])):
            data = unchecked(made, table, rows)
            cases.refuse(
                f"{name}, {place}",
                "bounds",
                data,
                CONSTRAINT,
                do=CHECK,
                level="recommended",
            )
        if not any(value != value for value in row.values()):
            cases.accept(
                f"{name}, decoded",
                "bounds",
                data,
                {table: [first, first, row]},
                do=("decode",),
                level="recommended",
            )
    # The zeros of a column that is left out, and of one that is written.
    zeros = stream(made, b"", ("identified", 3, b""))
    cases.refuse(
        "annotations/zeros of an absent column",
        "bounds",
        zeros,
        CONSTRAINT,
        do=CHECK,
        level="recommended",
    )
    zeros = stream(made, b"", ("identified", 3, field(1, unsigned([0, 0, 0]))))
    cases.refuse(
        "annotations/zeros of a column",
        "bounds",
        zeros,
        CONSTRAINT,
        do=CHECK,
        level="recommended",
    )
    for values in ([0, 0], [0, 1], [1, 0]):
        data = stream(made, b"", ("gated", 2, field(1, unsigned(values))))
        rows = [{"size": value} for value in values]
        cases.accept(
            f"annotations/feature not used: {values}",
            "bounds",
            data,
            {"gated": rows},
            do=CHECK,
            level="recommended",
        )
    t = schema("t")
    for row, reasons in (
        ({"ofeat": 0}, (CONSTRAINT,)),
        ({"ofeat": 2}, ()),
        ({"feat": 1}, (CONSTRAINT,)),
        ({"p2": 3}, (CONSTRAINT,)),
        ({"p2": 4}, ()),
        ({"flen": bytes(9)}, (CONSTRAINT,)),
        ({"flen": b""}, ()),
        ({"rf": -0.0}, ()),
        ({"rf": 0.0}, (CONSTRAINT,)),
        ({"um": 2**63}, (CONSTRAINT,)),
        ({"items": [100, 101]}, (CONSTRAINT,)),
        ({"one": -5}, ()),
        ({"one": 5}, (CONSTRAINT,)),
        ({"d": 1.0000000000000002}, (CONSTRAINT,)),
        ({"late": 3}, (CONSTRAINT,)),
    ):
        whole = {"late": 4, "rf": 1.5, "latereq": 1, **row}
        data = unchecked(t, "ss", [whole])
        name = f"annotations/t {row}"
        if reasons:
            cases.refuse(name, "t", data, *reasons, do=CHECK, level="recommended")
        else:
            # Not every JSON parser tells -0 from 0, which is left out.
            cases.accept(
                name,
                "t",
                data,
                {"ss": [whole]},
                do=CHECK,
                level="recommended",
                compare="-0.0" not in name,
            )


def unchecked(made: devstate.Schema, table: str, rows: list[dict[str, Any]]) -> bytes:
    """Returns a stream of a writer that does not look at annotations."""
    item = made.root.by_name[table]
    return stream(
        made,
        b"",
        (table, len(rows), encode_batch(made, item, rows, check_annotations=False)),
    )
