# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The root chunk: an ordinary message, read without a parser's forgiveness."""

from __future__ import annotations

import struct
from typing import Any

from devstate import table as t
from devstate import wire
from devstate.message import encode, wire_type_of
from devstate.table import Cardinality, Field

from .columns import edges, record_of
from .kit import MALFORMED, UNKNOWN, Cases, schema
from .streams import field, long_varint, stream, varint_field

NAME = "kit"
BAD_TEXTS = {
    "0xff": b"\xff",
    "a continuation alone": b"\x80",
    "a sequence cut": b"caf\xc3",
    "overlong slash": b"\xc0\xaf",
    "overlong of three": b"\xe0\x80\xaf",
    "overlong of four": b"\xf0\x80\x80\xaf",
    "a surrogate": b"\xed\xa0\x80",
    "above U+10FFFF": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
}
GOOD_TEXTS = (
    "",
    "\0",
    "a",
    "é",
    "€",
    "😀",
    "\U0010ffff",
    "\ue000",
    "\ud7ff",
    "e\u0301",
)


def root(payload: bytes) -> bytes:
    return stream(schema(NAME), payload)


def item_of(name: str) -> Field:
    return schema(NAME).root.by_name[name]


def tagged(number: int, wire_type: int, rest: bytes = b"") -> bytes:
    return wire.tag(number, wire_type) + rest


def scalar(item: Field, value: Any) -> bytes:
    return encode(schema(NAME).root, {item.name: value})


def scalars() -> list[Field]:
    return schema(NAME).root.fields[:16]


def add(cases: Cases) -> None:
    value_cases(cases)
    wire_type_cases(cases)
    range_cases(cases)
    enum_cases(cases)
    text_cases(cases)
    repeat_cases(cases)
    map_cases(cases)
    unknown_cases(cases)
    record_cases(cases)
    broken_cases(cases)


def value_cases(cases: Cases) -> None:
    for item in scalars():
        if item.type in (t.STRING, t.BYTES):
            continue
        for value in dict.fromkeys(edges(item)):
            data = root(scalar(item, value))
            cases.accept(
                f"root/{item.type_text} {value!r}", NAME, data, {item.name: value}
            )
    for text in GOOD_TEXTS:
        data = root(scalar(item_of("text"), text))
        cases.accept(
            f"root/string {text.encode().hex() or 'empty'}", NAME, data, {"text": text}
        )
    data = root(scalar(item_of("data"), bytes(range(256))))
    cases.accept("root/bytes", NAME, data, {"data": bytes(range(256))})
    # A zero that is written is a zero.
    for item in scalars():
        own = wire_type_of(item.type)
        zero = {0: b"\0", 1: bytes(8), 2: b"\0", 5: bytes(4)}[own]
        data = root(tagged(item.number, own, zero))
        cases.accept(f"root/written zero of {item.type_text}", NAME, data, {})
    # With presence it is not.
    for name, payload, state in (
        ("optional zero", varint_field(17, 0), {"maybe": 0}),
        ("member of a oneof that is zero", varint_field(19, 0), {"number": 0}),
        ("member of a oneof that is empty", field(20, b""), {"name": ""}),
        ("empty message", field(18, b""), {"part": {}}),
        ("empty message in a oneof", field(21, b""), {"chosen": {}}),
        (
            "messages in messages",
            field(22, field(1, b"") + field(2, b"\1\2")),
            {"outer": {"part": {}, "values": [1, 2]}},
        ),
        ("packed numbers", field(23, b"\0\1\2"), {"numbers": [0, -1, 1]}),
        (
            "numbers one by one",
            varint_field(23, 0) + varint_field(23, 3),
            {"numbers": [0, -2]},
        ),
        (
            "packed and one by one",
            field(23, b"\1") + varint_field(23, 3) + field(23, b"\5\0"),
            {"numbers": [-1, -2, -3, 0]},
        ),
        ("nothing packed", field(23, b""), {}),
        (
            "doubles packed",
            field(24, struct.pack("<2d", 0.5, -1e300)),
            {"reals": [0.5, -1e300]},
        ),
        ("doubles one by one", tagged(24, 1, struct.pack("<d", 0.5)), {"reals": [0.5]}),
        (
            "enums packed",
            field(25, b"\1" + wire.varint(2**64 - 5)),
            {"colors": [1, -5]},
        ),
        (
            "enums one by one",
            varint_field(25, 1) + varint_field(25, 0),
            {"colors": [1, 0]},
        ),
        ("bools packed", field(27, b"\1\0\1"), {"flags": [True, False, True]}),
        ("strings", field(26, b"") + field(26, "é".encode()), {"texts": ["", "é"]}),
        (
            "descending numbers",
            field(20, b"x") + varint_field(3, 5),
            {"u32": 5, "name": "x"},
        ),
        ("long forms", wire.tag(3, 0) + long_varint(5, 10), {"u32": 5}),
        ("a long form of a tag", long_varint(3 << 3, 5) + b"\5", {"u32": 5}),
        (
            "a long form of a length",
            wire.tag(14, 2) + long_varint(1, 5) + b"x",
            {"text": "x"},
        ),
    ):
        cases.accept(f"root/{name}", NAME, root(payload), state)


def wire_type_cases(cases: Cases) -> None:
    rest = {0: b"\1", 1: bytes(8), 2: b"\1\1", 5: bytes(4)}
    for item in schema(NAME).root.fields:
        if (
            item.cardinality is Cardinality.REPEATED
            and item.message is not None
            and not item.is_map
        ):
            continue
        packable = (
            item.cardinality is Cardinality.REPEATED and wire_type_of(item.type) != 2
        )
        for wire_type, value in rest.items():
            if wire_type == wire_type_of(item.type) or (packable and wire_type == 2):
                continue
            data = root(tagged(item.number, wire_type, value))
            cases.refuse(
                f"root/{item.name} with wire type {wire_type}", NAME, data, UNKNOWN
            )
        group = tagged(item.number, 3) + tagged(item.number, 4)
        cases.refuse(f"root/{item.name} as a group", NAME, root(group), UNKNOWN)
    inner = field(18, tagged(1, 5, bytes(4)))
    cases.refuse("root/wire type within a message", NAME, root(inner), UNKNOWN)


def range_cases(cases: Cases) -> None:
    for item in scalars():
        numbers: tuple[int, ...] = ()
        if item.type == t.BOOL:
            numbers = (2, 128, 2**64 - 1)
        elif item.type in (t.UINT32, t.SINT32):
            numbers = (2**32, 2**63, 2**64 - 1)
        elif item.type in (t.INT32, t.ENUM):
            numbers = (2**31, 2**32 - 1, 2**32, 2**64 - 2**31 - 1)
        for number in numbers:
            data = root(varint_field(item.number, number))
            cases.refuse(f"root/{item.type_text} has {number}", NAME, data, MALFORMED)
    for name, payload in (
        ("in packed numbers", field(23, wire.varint(2**32))),
        ("in packed bools", field(27, b"\1\2")),
        ("in packed enums", field(25, wire.varint(2**32))),
        ("in a key", field(29, varint_field(1, 2**32))),
        ("in a message", field(22, field(2, wire.varint(2**32)))),
    ):
        cases.refuse(f"root/out of range {name}", NAME, root(payload), MALFORMED)


def enum_cases(cases: Cases) -> None:
    for number in (2, 7, 2**31 - 2, 2**64 - 1, 2**64 - 2**31):
        data = root(varint_field(16, number))
        cases.refuse(f"root/unnamed enum value {number}", NAME, data, UNKNOWN)
    for name, payload in (
        ("packed", field(25, b"\1\2")),
        ("one by one", varint_field(25, 2) + varint_field(25, 1)),
        ("in a map", field(29, varint_field(1, 2) + varint_field(2, 2))),
        ("last of two", varint_field(16, 1) + varint_field(16, 2)),
    ):
        cases.refuse(f"root/unnamed enum value {name}", NAME, root(payload), UNKNOWN)
    data = root(varint_field(16, 2) + varint_field(16, 1))
    cases.accept("root/unnamed enum value first of two", NAME, data, {"color": 1})
    entry = field(29, varint_field(1, 2) + varint_field(2, 2) + varint_field(2, 1))
    cases.accept(
        "root/unnamed enum value first of two in a map",
        NAME,
        root(entry),
        {"color_of": {1: 1}},
    )


def text_cases(cases: Cases) -> None:
    for name, text in BAD_TEXTS.items():
        for place, payload in (
            ("string", field(14, text)),
            ("oneof", field(20, text)),
            ("repeated", field(26, b"ok") + field(26, text)),
            ("key", field(28, field(1, text))),
            ("message", field(18, field(2, text))),
            ("value of a map", field(28, field(1, b"k") + field(2, field(2, text)))),
        ):
            cases.refuse(f"root/UTF-8: {name}: {place}", NAME, root(payload), MALFORMED)
        cases.accept(
            f"root/UTF-8: {name}: bytes", NAME, root(field(15, text)), {"data": text}
        )


def repeat_cases(cases: Cases) -> None:
    for item in scalars():
        first, last = (b"x", b"y") if item.type == t.BYTES else ("x", "y")
        if item.type not in (t.STRING, t.BYTES):
            first, last = edges(item)[1], edges(item)[2]
        payload = scalar(item, first) + scalar(item, last)
        cases.accept(
            f"root/last of two {item.type_text}", NAME, root(payload), {item.name: last}
        )
    for name, payload, state in (
        ("optional", varint_field(17, 4) + varint_field(17, 0), {"maybe": 0}),
        ("member of a oneof", field(20, b"x") + field(20, b"y"), {"name": "y"}),
        (
            "in a message",
            field(18, varint_field(1, 3) + varint_field(1, 4)),
            {"part": {"id": 4}},
        ),
    ):
        cases.accept(f"root/last of two: {name}", NAME, root(payload), state)
    for name, payload in (
        ("a message twice", field(18, b"") + field(18, b"")),
        (
            "a message twice, far apart",
            field(18, varint_field(1, 1)) + varint_field(3, 1) + field(18, b""),
        ),
        ("a message in a message twice", field(22, field(1, b"") + field(1, b""))),
        ("a message of a oneof twice", field(21, b"") + field(21, b"")),
        ("two scalars of a oneof", varint_field(19, 1) + field(20, b"x")),
        ("two members, the first one zero", varint_field(19, 0) + field(20, b"x")),
        ("two members, the last one empty", field(20, b"x") + field(21, b"")),
        (
            "a member, another, the first again",
            field(20, b"x") + varint_field(19, 1) + field(20, b"x"),
        ),
        (
            "the message of a map's value twice",
            field(28, field(1, b"k") + field(2, b"") + field(2, b"")),
        ),
    ):
        cases.refuse(f"root/{name}", NAME, root(payload), MALFORMED)


def map_cases(cases: Cases) -> None:
    key = field(1, b"k")
    for name, payload, state in (
        (
            "entry",
            field(28, key + field(2, varint_field(1, 3))),
            {"parts": {"k": {"id": 3}}},
        ),
        ("no key", field(28, field(2, varint_field(1, 3))), {"parts": {"": {"id": 3}}}),
        ("no value", field(28, key), {"parts": {"k": {}}}),
        ("nothing", field(28, b""), {"parts": {"": {}}}),
        ("value before key", field(28, field(2, b"") + key), {"parts": {"k": {}}}),
        ("two keys in an entry", field(28, field(1, b"a") + key), {"parts": {"k": {}}}),
        (
            "two entries",
            field(28, key) + field(28, field(1, b"a")),
            {"parts": {"k": {}, "a": {}}},
        ),
        (
            "false and true",
            field(30, field(2, b"x")) + field(30, varint_field(1, 1)),
            {"data_of": {False: b"x", True: b""}},
        ),
        (
            "negative key",
            field(29, varint_field(1, 9) + varint_field(2, 1)),
            {"color_of": {-5: 1}},
        ),
    ):
        cases.accept(f"root map/{name}", NAME, root(payload), state)
    for name, payload in (
        ("a key twice", field(28, key) + field(28, key)),
        (
            "a key twice with other values",
            field(28, key) + field(28, key + field(2, varint_field(1, 1))),
        ),
        (
            "the default key, left out and written",
            field(28, b"") + field(28, field(1, b"")),
        ),
        (
            "the default key left out twice",
            field(29, b"") + field(29, varint_field(2, 1)),
        ),
        (
            "a key in two forms",
            field(29, varint_field(1, 2))
            + field(29, wire.tag(1, 0) + long_varint(2, 4)),
        ),
        ("true twice", field(30, varint_field(1, 1)) + field(30, varint_field(1, 1))),
        (
            "the last of two keys in an entry, twice",
            field(28, field(1, b"a") + key) + field(28, key),
        ),
    ):
        cases.refuse(f"root map/{name}", NAME, root(payload), MALFORMED)
    for name, payload in (
        ("unknown field in an entry", field(28, key + varint_field(3, 1))),
        ("key with another wire type", field(28, varint_field(1, 1))),
        (
            "value with another wire type",
            field(29, varint_field(1, 2) + field(2, b"x")),
        ),
        ("unknown field in a value", field(28, key + field(2, varint_field(3, 1)))),
    ):
        cases.refuse(f"root map/{name}", NAME, root(payload), UNKNOWN)


def unknown_cases(cases: Cases) -> None:
    rest = {0: b"\0", 1: bytes(8), 2: b"\0", 5: bytes(4)}
    for number in (31, 99, 1 << 28, (1 << 29) - 1):
        for wire_type, value in rest.items():
            data = root(tagged(number, wire_type, value))
            cases.refuse(
                f"root/unknown field {number} of wire type {wire_type}",
                NAME,
                data,
                UNKNOWN,
            )
    group = tagged(31, 3, varint_field(1, 1) + tagged(2, 3) + tagged(2, 4)) + tagged(
        31, 4
    )
    for name, payload in (
        ("group", group),
        ("in a message", field(18, varint_field(3, 0))),
        ("deep in messages", field(22, field(1, field(9, b"")))),
        ("in a oneof's message", field(21, varint_field(7, 1))),
        ("after known ones", varint_field(3, 5) + field(31, b"")),
    ):
        cases.refuse(f"root/unknown field: {name}", NAME, root(payload), UNKNOWN)


def record_cases(cases: Cases) -> None:
    both = (MALFORMED, UNKNOWN)
    for name, payload, reasons in (
        ("empty", field(41, b""), (MALFORMED,)),
        ("with a value", field(41, varint_field(1, 5)), (MALFORMED,)),
        ("of maps", field(40, b""), (MALFORMED,)),
        ("with something unknown", field(41, varint_field(9, 5)), both),
        ("as a number", varint_field(41, 5), both),
    ):
        cases.refuse(f"root/record {name}", NAME, root(payload), *reasons)
    assert record_of("lines", NAME).full_name == "devstate.kit.Part"


def broken_cases(cases: Cases) -> None:
    for name, payload in (
        ("a tag is cut", b"\x80"),
        ("a tag without a value", b"\x18"),
        ("a varint is cut", b"\x18\x80"),
        ("a varint of eleven bytes", b"\x18" + b"\x80" * 10 + b"\0"),
        ("the tenth byte is 2", b"\x20" + b"\x80" * 9 + b"\2"),
        ("the tenth byte is 127", b"\x20" + b"\xff" * 9 + b"\x7f"),
        ("a length is cut", b"\x72"),
        ("a string is cut", b"\x72\x05abc"),
        ("a length of six bytes", b"\x72" + long_varint(1, 6) + b"x"),
        ("a length of ten bytes", b"\x72" + long_varint(1, 10) + b"x"),
        ("a tag of six bytes", long_varint(3 << 3, 6) + b"\5"),
        ("a length of 2^63", b"\x72" + wire.varint(2**63)),
        ("a message is cut", b"\x92\x01\x05\x08\x01"),
        ("a message's field is cut", field(18, b"\x12\x05a")),
        ("64 bits are cut", b"\x41" + bytes(7)),
        ("32 bits are cut", b"\x3d" + bytes(3)),
        ("field 0", b"\0\0"),
        ("field 0 with bytes", b"\2\0"),
        ("wire type 6", b"\x1e\0"),
        ("wire type 7", b"\x1f\0"),
        ("end of no group", tagged(31, 4)),
        ("packed numbers are cut", field(23, b"\1\x80")),
        ("packed doubles are cut", field(24, bytes(12))),
        ("a tag above 32 bits", wire.varint(1 << 32 | 24) + b"\0"),
        ("a map entry is cut", field(28, b"\x0a\x05k")),
    ):
        reasons = (MALFORMED,)
        if name == "end of no group":
            # The field is unknown, too.
            reasons = (MALFORMED, UNKNOWN)  # type: ignore[assignment]
        cases.refuse(f"root/{name}", NAME, root(payload), *reasons)
    for name, payload in (
        ("a group without end", tagged(31, 3, varint_field(1, 1))),
        ("a group with another end", tagged(31, 3) + tagged(32, 4)),
    ):
        cases.refuse(f"root/{name}", NAME, root(payload), MALFORMED, UNKNOWN)
