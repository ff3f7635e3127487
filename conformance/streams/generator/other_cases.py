# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Annotations, golden streams, random states, schemas."""

from __future__ import annotations

import random
from typing import Any

import devstate
from devstate.batch_encoder import ColumnStyle, encode_batch
from devstate.message import encode
from devstate.number_column import Encoding
from devstate.strings_column import Layout
from devstate.table import Cardinality, Field, Message
from devstate.values import EnumValue

from .columns import edges, unsigned
from .kit import CONSTRAINT, TREE, Cases, schema
from .root_cases import GOOD_TEXTS
from .streams import Builder, field, header_of, stream, zstd_frame

CHECK = ("check",)


# --- Annotations ---

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
    *(("powers", {"size": size, "wide": wide}) for size, wide in ((2, 1), (4, 1 << 62), (8, 64))),
    ("required", REQUIRED),
    ("required", {**REQUIRED, "offset": -(2**63), "color": "BLUE"}),
    ("required", {**REQUIRED, "list": [0, 0, 0], "with_feature": 7}),
    ("places", {}),
    ("places", {"part": {"id": 9}, "outer": {"inner": {"id": 1}}}),
    ("places", {"list": [{"id": 1}, {"id": 9}], "by_name": {"a": {"id": 5}}}),
    ("places", {"outer": {}}),
    ("places", {"number": 1}),
    ("places", {"word": "ab", "maybe": 9, "many": [1, 9, 5], "words": ["", "ab"], "few": {7: 7}}),
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
    *(("required", {k: v for k, v in REQUIRED.items() if k != name}) for name in REQUIRED),
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


def annotation_cases(cases: Cases) -> None:
    made = schema("bounds")
    for i, (table, row) in enumerate(ALLOWED):
        data = unchecked(made, table, [row])
        cases.accept(
            f"annotations/allowed {i}: {table}", "bounds", data, {table: [row]},
            do=("decode", "check"), level="recommended",
        )
    good = dict(ALLOWED)
    for i, (table, row) in enumerate(FORBIDDEN):
        name = f"annotations/forbidden {i}: {table}"
        first = REQUIRED if table == "required" else good[table]
        if table == "identified":
            first = {"id": 1}
        for place, rows in (("first", [row, first]), ("last", [first, first, row])):
            data = unchecked(made, table, rows)
            cases.refuse(f"{name}, {place}", "bounds", data, CONSTRAINT, do=CHECK, level="recommended")
        if not any(value != value for value in row.values()):
            cases.accept(f"{name}, decoded", "bounds", data, {table: [first, first, row]}, do=("decode",), level="recommended")
    # The zeros of a column that is left out, and of one that is written.
    zeros = stream(made, b"", ("identified", 3, b""))
    cases.refuse("annotations/zeros of an absent column", "bounds", zeros, CONSTRAINT, do=CHECK, level="recommended")
    zeros = stream(made, b"", ("identified", 3, field(1, unsigned([0, 0, 0]))))
    cases.refuse("annotations/zeros of a column", "bounds", zeros, CONSTRAINT, do=CHECK, level="recommended")
    for values in ([0, 0], [0, 1], [1, 0]):
        data = stream(made, b"", ("gated", 2, field(1, unsigned(values))))
        rows = [{"size": value} for value in values]
        cases.accept(f"annotations/feature not used: {values}", "bounds", data, {"gated": rows}, do=CHECK, level="recommended")
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
            cases.accept(name, "t", data, {"ss": [whole]}, do=CHECK, level="recommended")


def unchecked(made: devstate.Schema, table: str, rows: list[dict[str, Any]]) -> bytes:
    """Returns a stream of a writer that does not look at annotations."""
    item = made.root.by_name[table]
    return stream(made, b"", (table, len(rows), encode_batch(Unchecked(made), item, rows)))


class Unchecked(devstate.Schema):
    """A schema that allows everything."""

    def __init__(self, made: devstate.Schema):
        super().__init__(made.files, made.root.full_name)

    def annotations_of(self, item: Field) -> dict[str, Any]:
        """Returns annotations that ask nothing."""
        return NO_ANNOTATIONS


def _no_annotations() -> dict[str, Any]:
    from devstate import own_schema
    from devstate.message import Decoder

    return Decoder(strict=False).decode(own_schema.FIELD_ANNOTATIONS, b"")


NO_ANNOTATIONS = _no_annotations()


# --- Streams of the tree ---


def golden_cases(cases: Cases) -> None:
    for file in sorted((TREE / "tests" / "golden").glob("*.dstate")):
        name = "fs.1" if file.stem == "fs_small" else None
        cases.accept(f"golden/{file.stem}", name, file.read_bytes())


def stream_cases(cases: Cases) -> None:
    folder = TREE / "tests" / "stream_cases"
    for line in (folder / "cases.txt").read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#") or words[1] == "deep":
            continue
        data = (folder / f"{words[0]}.dstate").read_bytes()
        with devstate.open(data) as opened:
            name = None if opened.header.has_schema else "everything"
        if words[1] == "strict":
            # The annotations of the schema that the stream carries.
            if CONSTRAINT in words[-1]:
                cases.refuse(f"stream cases/{words[0]}, checked", name, data, CONSTRAINT, do=CHECK, level="recommended")
            continue
        level = "recommended" if words[-1] == "LIMIT" else "required"
        if words[2] == "accepted":
            cases.accept(f"stream cases/{words[0]}", name, data, level=level)
        else:
            cases.refuse(f"stream cases/{words[0]}", name, data, *words[3].split(","), level=level)


# --- Random states ---


def random_scalar(item: Field, chance: random.Random) -> Any:
    kind = item.type_text
    if kind == "string":
        return "".join(chance.choice(GOOD_TEXTS) for _ in range(chance.randint(0, 3)))
    if kind == "bytes":
        return bytes(chance.getrandbits(8) for _ in range(chance.choice([0, 3, 8, 8])))
    if chance.random() < 0.5:
        return chance.choice(edges(item)[:3])
    return chance.choice(edges(item))


def random_value(item: Field, chance: random.Random) -> Any:
    if item.message is None:
        return random_scalar(item, chance)
    return random_message(item.message, chance, records=True)


def random_message(message: Message, chance: random.Random, records: bool) -> dict[str, Any]:
    value: dict[str, Any] = {}
    taken: set[str] = set()
    for item in message.fields:
        if not records and item.message is not None and not item.is_map and item.cardinality is Cardinality.REPEATED:
            continue
        if item.cardinality is Cardinality.ONE:
            if chance.random() < 0.7:
                value[item.name] = random_value(item, chance)
        elif item.is_map:
            assert item.message is not None
            key, entry = item.message.fields
            count = chance.choice([0, 0, 1, 2])
            value[item.name] = {random_value(key, chance): random_value(entry, chance) for _ in range(count)}
        elif item.cardinality is Cardinality.REPEATED:
            count = chance.choice([0, 0, 1, 3])
            value[item.name] = [random_value(item, chance) for _ in range(count)]
        elif item.oneof not in taken and chance.random() < 0.4:
            if item.oneof is not None:
                taken.add(item.oneof)
            value[item.name] = random_value(item, chance)
    return value


class RandomStyle(ColumnStyle):
    """Any of the ways to say the same."""

    def __init__(self, chance: random.Random):
        self._chance = chance

    def encoding(self, numbers: Any) -> Encoding:
        """Returns any encoding that can hold the numbers."""
        can = [Encoding.PLAIN, Encoding.RUN_LENGTH, Encoding.BYTE, Encoding.DELTA_BYTE, Encoding.FIXED]
        distinct = len(set(numbers.tolist()))
        if distinct <= 256:
            can.append(Encoding.DICTIONARY)
        if distinct == 1:
            can.append(Encoding.CONSTANT)
        steps = {(b - a) & (2**64 - 1) for a, b in zip(numbers.tolist(), numbers.tolist()[1:], strict=False)}
        if len(steps) <= 1:
            can.append(Encoding.SEQUENCE)
        return self._chance.choice(can)

    def layout(self, values: list[bytes]) -> Layout:
        """Returns words where that is possible, now and then."""
        lengths = {len(value) for value in values}
        fits = len(lengths) == 1 and min(lengths) in range(4, 33, 4)
        return Layout.WORDS if fits and self._chance.random() < 0.5 else Layout.CONCATENATED

    def keeps_zeros(self) -> bool:
        """Returns whether a column of zeros is written, which no writer must."""
        return self._chance.random() < 0.3


def random_cases(cases: Cases) -> None:
    for name, count in (("kit", 30), ("everything", 50), ("fs.3", 20), ("net.1", 10), ("blk.1", 10)):
        made = schema(name)
        for seed in range(count):
            chance = random.Random(f"{name} {seed}")
            state = random_message(made.root, chance, records=False)
            carries = seed % 10 == 0
            header = header_of(made)
            if carries:
                # As it is: the frame of a compressor depends on its release.
                from .kit import descriptor_set

                header = header_of(made, descriptor_set=zstd_frame(descriptor_set(made)))
            builder = Builder(made, header).root(encode(made.root, state))
            style = RandomStyle(chance)
            for item in made.batches:
                assert item.message is not None
                rows = [random_message(item.message, chance, records=True) for _ in range(chance.choice([0, 1, 3, 5]))]
                if rows:
                    state[item.name] = rows
                while rows:
                    size = chance.randint(1, len(rows))
                    payload = encode_batch(Unchecked(made), item, rows[:size], style)
                    if chance.random() < 0.3:
                        builder.zstd(2, zstd_frame(payload), len(payload), field=item.number, records=size)
                    else:
                        builder.batch(item.number, size, payload)
                    rows = rows[size:]
            cases.accept(f"random/{name} {seed}", None if carries else name, builder.finish(), state)


# --- Schemas ---


def schema_cases(cases: Cases) -> None:
    from .kit import SCHEMA_FILES

    for name, _, _ in SCHEMA_FILES:
        cases.schema(f"schema/of {name}", schema(name))
    for name, text in SMALL_SCHEMAS.items():
        cases.schema(f"schema/{name}", compiled(text))


def compiled(text: str) -> devstate.Schema:
    """Returns the schema in a .proto file of this text."""
    import tempfile
    from pathlib import Path

    from .kit import PROTO

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
    "reserved numbers": _ROOT + "reserved 2, 5 to 9; reserved \"x\"; uint32 a = 1; }",
    "json name": _ROOT + 'uint32 a = 1 [json_name = "other"]; }',
    "deprecated field": _ROOT + "uint32 a = 1 [deprecated = true]; }",
    "packed field": _ROOT + "repeated uint32 a = 1 [packed = false]; }",
    "optional": _ROOT + "optional uint32 a = 1; optional string b = 2; }",
    "oneof": _ROOT + "oneof choice { uint32 a = 1; string b = 2; } }",
    "oneofs by their smallest numbers": _ROOT + "oneof x { uint32 a = 5; } oneof y { uint32 b = 4; uint32 c = 9; } optional uint32 d = 1; }",
    "nested messages and enums": _ROOT + "message Part { enum Kind { NONE = 0; } Kind kind = 1; } repeated Part parts = 1; }",
    "unused messages": _ROOT + "uint32 a = 1; } message Unused { uint32 b = 1; }",
    "messages by name": _ROOT + "B b = 1; A a = 2; } message A {} message B { A a = 1; }",
    "map": _ROOT + "map<string, Part> parts = 1; } message Part { map<int32, bytes> m = 1; }",
    "enum": _ROOT + "Color color = 1; } enum Color { RED = 0; BLUE = -5; GREEN = 3; }",
    "enum with two names for a number": _ROOT + "Color color = 1; } enum Color { option allow_alias = true; RED = 0; ROT = 0; AZURE = 2; BLUE = 2; }",
    "enum reserves": _ROOT + "Color color = 1; } enum Color { RED = 0; reserved 4; reserved \"OLD\"; }",
    "enum values annotated": _ROOT + "Color color = 1; } enum Color { RED = 0; BLUE = 1 [(devstate.enum_value) = { since: 1 renumbered_from: 7 renumbered_from: -2 }]; }",
    "bounds": _ROOT + "int64 a = 1 [(devstate.field) = { min: -9223372036854775808 max: 0 }]; }",
    "bounds of zero": _ROOT + "int64 a = 1 [(devstate.field) = { min: 0 max: 5 }]; string b = 2 [(devstate.field).max_len = 0]; }",
    "every annotation": _ROOT + 'uint32 a = 1 [(devstate.field) = { volatile: true sensitive: true owner: "x" encoding: "be32" unit: "ns" meaning_rev: 2 since: 1 write_until: 1 feature: "F" }]; }',
    "annotations in any order": _ROOT + 'uint32 a = 1 [(devstate.field).unit = "ns", (devstate.field).min = 1, (devstate.field).since = 1]; }',
    "annotation at its default": _ROOT + "uint32 a = 1 [(devstate.field).required = false]; }",
    "lists in annotations": _ROOT + 'int32 a = 1 [(devstate.field) = { one_of: [5, -1, 0] renamed_from: "b" renamed_from: "c" }]; }',
    "tombstones": "message Root { option (devstate.message) = { schema: \"a\" version: 3 device: \"virtio-a\" min_reader: 2 tombstone { number: 4 name: \"old\" type: \"uint32\" ignorable: true last_written: 2 } }; uint32 a = 1; reserved 4; }",
    "keys": _ROOT + 'repeated R rows = 1 [(devstate.field).unique_by = "id"]; } message R { option (devstate.message).key = "id"; uint64 id = 1; }',
    "comments": "/* Before. */ " + _ROOT + "// Of the field.\nuint32 a = 1; // After.\n}",
    "numbers of every size": _ROOT + "uint32 a = 1; uint32 b = 15; uint32 c = 16; uint32 d = 2047; uint32 e = 2048; uint32 f = 536870911; }",
    "every type": _ROOT + "".join(f"{name} f{i} = {i};" for i, name in enumerate(("int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64", "float", "double", "bool", "string", "bytes"), 1)) + "}",
}

__all__ = ["EnumValue"]
