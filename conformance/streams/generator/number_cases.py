# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""NumberColumn: every type in every encoding and place, and what is none."""

from __future__ import annotations

from typing import Any

from devstate import table as t
from devstate import wire
from devstate.number_column import Encoding, Kind, bits_of, kind_of
from devstate.table import Field

from .columns import (
    BASE,
    DATA,
    ENCODING,
    KIND,
    STEP,
    VALUES,
    WIDTH,
    edges,
    number_column,
    occurrences,
    packed,
    parts,
    record_of,
    unsigned,
    values_for,
)
from .kit import MALFORMED, UNKNOWN, Cases, schema
from .streams import field, long_varint, stream

NAME = "everything"
_LARGE = 536870911


def numbers_of(table: str) -> list[Field]:
    return [
        item
        for item in record_of(table).fields
        if item.message is None
        and item.type not in (t.STRING, t.BYTES)
        and item.number != _LARGE
    ]


def one(table: str, records: int, column: bytes, number: int) -> bytes:
    """Returns a stream with one batch of one column."""
    return stream(schema(NAME), b"", (table, records, field(number, column)))


def add(cases: Cases) -> None:
    for item in numbers_of("scalars"):
        for encoding in Encoding:
            encoded_cases(cases, item, encoding)
        kind_cases(cases, item)
        range_cases(cases, item)
        zero_cases(cases, item)
    part_cases(cases)
    count_cases(cases)
    wire_cases(cases)
    form_cases(cases)


def encoded_cases(cases: Cases, item: Field, encoding: Encoding) -> None:
    """The encoding in a field that occurs once, that is optional, and repeated."""
    values = values_for(item, encoding)
    name = f"{encoding.name}/{item.type_text}"
    column = number_column(item, values, encoding)
    state: dict[str, Any] = {"scalars": [{item.name: value} for value in values]}
    data = one("scalars", len(values), column, item.number)
    cases.accept(f"numbers/{name}", NAME, data, state)

    optional = record_of("optionals").by_name[item.name]
    counts = [1, 0] * len(values)
    rows = [row for value in values for row in ({optional.name: value}, {})]
    data = one("optionals", len(counts), occurrences(counts, column), optional.number)
    cases.accept(f"numbers/optional {name}", NAME, data, {"optionals": rows})

    repeated = record_of("repeateds").by_name[item.name]
    counts = [0, len(values) - 1, 1, 0]
    rows = [{}, {item.name: values[:-1]}, {item.name: values[-1:]}, {}]
    data = one("repeateds", 4, occurrences(counts, column), repeated.number)
    cases.accept(f"numbers/repeated {name}", NAME, data, {"repeateds": rows})


def kind_cases(cases: Cases, item: Field) -> None:
    for kind in (0, 1, 2, 3, 4, 5, 6, 7, 8, 255, 2**32 + kind_of(item), 2**63):
        if kind == kind_of(item):
            continue
        column = parts((KIND, kind), (ENCODING, Encoding.CONSTANT), (BASE, 1))
        data = one("scalars", 3, column, item.number)
        reason = MALFORMED if kind <= Kind.TEXT else UNKNOWN
        cases.refuse(f"numbers/{item.type_text} of kind {kind}", NAME, data, reason)


def range_cases(cases: Cases, item: Field) -> None:
    """Numbers of one bit more than the type has, in every encoding."""
    bits = bits_of(item)
    if bits == 64:
        return
    kind = kind_of(item)
    much = 1 << bits
    eight = much.to_bytes(8, "little")
    columns = {
        Encoding.PLAIN: parts((KIND, kind), (VALUES, packed(0, much))),
        Encoding.CONSTANT: parts((KIND, kind), (ENCODING, 1), (BASE, much)),
        Encoding.SEQUENCE: parts(
            (KIND, kind), (ENCODING, 2), (BASE, much - 1), (STEP, 1)
        ),
        Encoding.RUN_LENGTH: parts(
            (KIND, kind), (ENCODING, 3), (VALUES, packed(much, 2))
        ),
        Encoding.BYTE: parts(
            (KIND, kind), (ENCODING, 4), (DATA, b"\xff\0"), (VALUES, packed(much))
        ),
        Encoding.DELTA_BYTE: parts(
            (KIND, kind), (ENCODING, 5), (BASE, much - 1), (DATA, b"\0\2")
        ),
        Encoding.FIXED: parts(
            (KIND, kind), (ENCODING, 6), (WIDTH, 8), (DATA, bytes(8) + eight)
        ),
        Encoding.DICTIONARY: parts(
            (KIND, kind), (ENCODING, 7), (DATA, b"\0\1"), (VALUES, packed(0, much))
        ),
    }
    reasons = [MALFORMED]
    if item.enum is not None:
        # 2^31 - 1 is named, its neighbour is not: both reasons hold of SEQUENCE.
        reasons.append(UNKNOWN)
    for encoding, column in columns.items():
        data = one("scalars", 2, column, item.number)
        cases.refuse(
            f"numbers/{encoding.name}/{item.type_text} beyond {bits} bits",
            NAME,
            data,
            *reasons,
        )
    # Below zero, too: a delta that wraps around.
    column = parts((KIND, kind), (ENCODING, 5), (DATA, b"\1\0"))
    data = one("scalars", 2, column, item.number)
    cases.refuse(f"numbers/DELTA_BYTE/{item.type_text} below 0", NAME, data, *reasons)


def zero_cases(cases: Cases, item: Field) -> None:
    column = number_column(item, [edges(item)[0]] * 2, Encoding.PLAIN)
    data = one("scalars", 2, column, item.number)
    cases.accept(
        f"numbers/column of zeros/{item.type_text}", NAME, data, {"scalars": [{}, {}]}
    )
    if item.enum is None:
        return
    for number in (2, -1, -4, 2147483646, -(2**31)):
        column = parts((KIND, 2), (VALUES, packed(0, wire.zigzag(number))))
        data = one("scalars", 2, column, item.number)
        cases.refuse(f"numbers/unnamed enum value {number}", NAME, data, UNKNOWN)


# A right column of two numbers in each encoding, and parts that it does not use.
_RIGHT: dict[Encoding, dict[int, int | bytes]] = {
    Encoding.PLAIN: {VALUES: packed(3, 4)},
    Encoding.CONSTANT: {BASE: 3},
    Encoding.SEQUENCE: {BASE: 3, STEP: 1},
    Encoding.RUN_LENGTH: {VALUES: packed(3, 1, 4, 1)},
    Encoding.BYTE: {BASE: 3, DATA: b"\0\1"},
    Encoding.DELTA_BYTE: {BASE: 3, DATA: b"\0\2"},
    Encoding.FIXED: {BASE: 3, WIDTH: 1, DATA: b"\0\1"},
    Encoding.DICTIONARY: {DATA: b"\0\1", VALUES: packed(3, 4)},
}
_USED = {
    Encoding.PLAIN: {VALUES},
    Encoding.CONSTANT: {BASE},
    Encoding.SEQUENCE: {BASE, STEP},
    Encoding.RUN_LENGTH: {VALUES},
    Encoding.BYTE: {BASE, DATA, VALUES},
    Encoding.DELTA_BYTE: {BASE, DATA, VALUES},
    Encoding.FIXED: {BASE, WIDTH, DATA},
    Encoding.DICTIONARY: {DATA, VALUES},
}
_U32 = 3


def u32(column: bytes, records: int = 2) -> bytes:
    return one("scalars", records, column, _U32)


def column_of(encoding: int, rest: dict[int, int | bytes]) -> bytes:
    return parts((KIND, 1), (ENCODING, encoding), *sorted(rest.items()))


def part_cases(cases: Cases) -> None:
    for encoding, right in _RIGHT.items():
        rows = [{"u32": 3}, {"u32": 3 if encoding is Encoding.CONSTANT else 4}]
        cases.accept(
            f"parts/{encoding.name}",
            NAME,
            u32(column_of(encoding, right)),
            {"scalars": rows},
        )
        backwards = parts(
            *sorted(right.items(), reverse=True), (ENCODING, encoding), (KIND, 1)
        )
        cases.accept(
            f"parts/{encoding.name} in any order",
            NAME,
            u32(backwards),
            {"scalars": rows},
        )
        for part in {BASE, STEP, WIDTH, DATA, VALUES} - _USED[encoding]:
            value: int | bytes = b"" if part in (DATA, VALUES) else 0
            for extra in (value, b"\0" if value == b"" else 1):
                column = column_of(encoding, {**right, part: extra})
                cases.refuse(
                    f"parts/{encoding.name} with unused part {part}: {extra!r}",
                    NAME,
                    u32(column),
                    MALFORMED,
                )
        for part, value in right.items():
            twice = column_of(encoding, right) + parts((part, value))
            cases.refuse(
                f"parts/{encoding.name} with part {part} twice",
                NAME,
                u32(twice),
                MALFORMED,
            )
    cases.accept(
        "parts/encoding 0 written out", NAME, u32(column_of(0, {VALUES: packed(3, 4)}))
    )
    for number in (8, 9, 255, 2**32, 2**32 + 1, 2**63):
        column = column_of(number, {VALUES: packed(3, 4)})
        cases.refuse(f"parts/encoding {number}", NAME, u32(column), UNKNOWN)
    cases.refuse(
        "parts/kind twice",
        NAME,
        u32(parts((KIND, 1), (KIND, 1), (VALUES, packed(3, 4)))),
        MALFORMED,
    )
    both = (MALFORMED, UNKNOWN)
    for number in (8, 15, 16, 1000, 536870911):
        for name, extra in (
            ("a number", parts((number, 1))),
            ("bytes", parts((number, b"x"))),
        ):
            column = column_of(0, {VALUES: packed(3, 4)}) + extra
            cases.refuse(
                f"parts/unknown part {number}, {name}", NAME, u32(column), UNKNOWN
            )
    fixed32 = (
        column_of(0, {VALUES: packed(3, 4)}) + wire.tag(9, wire.FIXED32) + bytes(4)
    )
    cases.refuse("parts/unknown part, 32 bits", NAME, u32(fixed32), *both)
    for width in (0, 9, 16, 2**32 + 1, 2**63 + 1):
        column = column_of(6, {WIDTH: width, DATA: b"\3\4"})
        cases.refuse(f"parts/width {width}", NAME, u32(column), MALFORMED)
    cases.refuse("parts/no width", NAME, u32(column_of(6, {DATA: b"\3\4"})), MALFORMED)
    for width in range(1, 9):
        stored = b"".join(n.to_bytes(width, "little") for n in (0, 200))
        column = column_of(6, {BASE: 1, WIDTH: width, DATA: stored})
        state = {"scalars": [{"u32": 1}, {"u32": 201}]}
        cases.accept(f"parts/width {width}", NAME, u32(column), state)


def count_cases(cases: Cases) -> None:
    """Too few values, too many, data of another size."""
    wrong: list[tuple[str, int, dict[int, int | bytes]]] = [
        ("PLAIN of 1", 0, {VALUES: packed(3)}),
        ("PLAIN of 3", 0, {VALUES: packed(3, 4, 5)}),
        ("PLAIN of none", 0, {}),
        ("PLAIN, empty", 0, {VALUES: b""}),
        ("RUN_LENGTH of 1", 3, {VALUES: packed(3, 1)}),
        ("RUN_LENGTH of 3", 3, {VALUES: packed(3, 3)}),
        ("RUN_LENGTH of 2 and one of 0", 3, {VALUES: packed(3, 2, 4, 0)}),
        ("RUN_LENGTH with one of 0 between", 3, {VALUES: packed(3, 1, 9, 0, 4, 1)}),
        ("RUN_LENGTH without a length", 3, {VALUES: packed(3, 1, 4)}),
        ("RUN_LENGTH with one number more", 3, {VALUES: packed(3, 2, 4)}),
        ("RUN_LENGTH of none", 3, {}),
        ("RUN_LENGTH that wraps around", 3, {VALUES: packed(3, 2**64 - 1, 4, 3)}),
        ("RUN_LENGTH of 2^32", 3, {VALUES: packed(3, 2**32)}),
        ("BYTE of 1", 4, {DATA: b"\3"}),
        ("BYTE of 3", 4, {DATA: b"\3\4\5"}),
        ("BYTE of none", 4, {}),
        ("BYTE without its exception", 4, {DATA: b"\3\xff"}),
        ("BYTE with an exception too much", 4, {DATA: b"\3\xff", VALUES: packed(4, 5)}),
        ("BYTE with an exception for nothing", 4, {DATA: b"\3\4", VALUES: packed(4)}),
        ("DELTA_BYTE of 1", 5, {DATA: b"\2"}),
        ("DELTA_BYTE of 3", 5, {DATA: b"\2\2\2"}),
        ("DELTA_BYTE without its exception", 5, {DATA: b"\2\xff"}),
        (
            "DELTA_BYTE with an exception too much",
            5,
            {DATA: b"\2\xff", VALUES: packed(4, 5)},
        ),
        ("FIXED of 1", 6, {WIDTH: 2, DATA: b"\3\0"}),
        ("FIXED of 3", 6, {WIDTH: 2, DATA: bytes(6)}),
        ("FIXED of half a number", 6, {WIDTH: 2, DATA: bytes(3)}),
        ("FIXED of none", 6, {WIDTH: 2}),
        ("DICTIONARY of 1", 7, {DATA: b"\0", VALUES: packed(3)}),
        ("DICTIONARY of 3", 7, {DATA: b"\0\0\0", VALUES: packed(3)}),
        ("DICTIONARY with an index too high", 7, {DATA: b"\0\1", VALUES: packed(3)}),
        ("DICTIONARY without values", 7, {DATA: b"\0\0"}),
        ("DICTIONARY of 257 values", 7, {DATA: b"\0\1", VALUES: packed(*range(257))}),
    ]
    for name, encoding, rest in wrong:
        column = column_of(encoding, rest)
        cases.refuse(f"count/{name}", NAME, u32(column), MALFORMED)
    wide = column_of(7, {DATA: b"\0\xff", VALUES: packed(*range(256))})
    cases.accept(
        "count/DICTIONARY of 256 values",
        NAME,
        u32(wide),
        {"scalars": [{}, {"u32": 255}]},
    )
    more = column_of(7, {DATA: b"\0\0", VALUES: packed(3, 4, 5)})
    cases.accept(
        "count/DICTIONARY with values that nothing uses",
        NAME,
        u32(more),
        {"scalars": [{"u32": 3}, {"u32": 3}]},
    )
    same = column_of(3, {VALUES: packed(3, 1, 3, 1)})
    cases.accept(
        "count/RUN_LENGTH with two runs of one value",
        NAME,
        u32(same),
        {"scalars": [{"u32": 3}, {"u32": 3}]},
    )
    small = column_of(4, {DATA: b"\xff\xff", VALUES: packed(0, 7)})
    cases.accept(
        "count/BYTE with exceptions that are small",
        NAME,
        u32(small),
        {"scalars": [{}, {"u32": 7}]},
    )
    wrap = column_of(4, {BASE: 2**64 - 1, DATA: b"\1\3"})
    cases.accept(
        "count/BYTE that wraps around", NAME, u32(wrap), {"scalars": [{}, {"u32": 2}]}
    )
    for used, right in _RIGHT.items():
        empty = occurrences([0, 0], column_of(used, right))
        data = one("optionals", 2, empty, _U32)
        cases.refuse(f"count/{used.name} column of no row", NAME, data, MALFORMED)
    data = one("optionals", 2, occurrences([0, 0], parts((KIND, 1))), _U32)
    cases.refuse("count/column of no row and no value", NAME, data, MALFORMED)


def wire_cases(cases: Cases) -> None:
    """Parts with another wire type, and bytes that are no message."""

    def tagged(number: int, wire_type: int, rest: bytes) -> bytes:
        return wire.tag(number, wire_type) + rest

    values = parts((VALUES, packed(3, 4)))
    for name, column in (
        ("kind as bytes", parts((KIND, b"\1")) + values),
        ("kind as 32 bits", tagged(1, wire.FIXED32, b"\1\0\0\0") + values),
        ("encoding as bytes", parts((KIND, 1), (ENCODING, b"\0")) + values),
        (
            "base as 64 bits",
            parts((KIND, 1), (ENCODING, 1)) + tagged(3, wire.FIXED64, bytes(8)),
        ),
        ("base as bytes", parts((KIND, 1), (ENCODING, 1), (BASE, b"\3"))),
        (
            "width as bytes",
            parts((KIND, 1), (ENCODING, 6), (WIDTH, b"\1"), (DATA, b"\3\4")),
        ),
        ("data as a number", parts((KIND, 1), (ENCODING, 4), (DATA, 3))),
        ("values not packed", parts((KIND, 1), (VALUES, 3), (VALUES, 4))),
        (
            "values packed twice",
            parts((KIND, 1), (VALUES, packed(3)), (VALUES, packed(4))),
        ),
        ("values as a group", parts((KIND, 1)) + b"\x3b\x3c"),
        ("field 0", parts((KIND, 1)) + values + b"\0\0"),
        ("a part is cut", parts((KIND, 1)) + b"\x3a\x05\3\4"),
        ("a tag alone", parts((KIND, 1)) + values + b"\x18"),
        ("a tag is cut", parts((KIND, 1)) + values + b"\x80"),
        ("a value is cut", parts((KIND, 1), (VALUES, b"\3\x84"))),
        (
            "a value of eleven bytes",
            parts((KIND, 1), (VALUES, b"\3" + b"\x80" * 10 + b"\0")),
        ),
        (
            "tenth byte of a value",
            parts((KIND, 1), (VALUES, b"\3" + b"\xff" * 9 + b"\x02")),
        ),
        (
            "tenth byte of a value, 7 bits",
            parts((KIND, 1), (VALUES, b"\3" + b"\x80" * 9 + b"\x7f")),
        ),
        (
            "tenth byte of the base",
            parts((KIND, 1), (ENCODING, 1)) + b"\x18" + b"\x80" * 9 + b"\2",
        ),
        (
            "base of eleven bytes",
            parts((KIND, 1), (ENCODING, 1)) + b"\x18" + b"\x80" * 10 + b"\0",
        ),
        (
            "tenth byte of a dictionary",
            column_of(7, {DATA: b"\0\0", VALUES: b"\x80" * 9 + b"\2"}),
        ),
        (
            "tenth byte of a run",
            column_of(3, {VALUES: b"\3" + b"\x82" + b"\x80" * 8 + b"\2"}),
        ),
        (
            "tenth byte of an exception",
            column_of(4, {DATA: b"\3\xff", VALUES: b"\x80" * 9 + b"\2"}),
        ),
        ("empty", b""),
        ("no kind", values),
    ):
        cases.refuse(f"column/{name}", NAME, u32(column), MALFORMED)


def form_cases(cases: Cases) -> None:
    """Long forms of varints, which some writers leave."""
    state = {"scalars": [{"u32": 3}, {"u32": 4}]}
    for size in (2, 5, 10):
        forms = long_varint(3, size) + long_varint(4, size)
        column = parts((KIND, 1), (VALUES, forms))
        cases.accept(f"column/values of {size} bytes", NAME, u32(column), state)
        kind = wire.tag(KIND, wire.VARINT) + long_varint(1, size)
        column = kind + parts((VALUES, packed(3, 4)))
        cases.accept(f"column/kind of {size} bytes", NAME, u32(column), state)
        length = wire.tag(VALUES, wire.LENGTH) + long_varint(2, size) + b"\3\4"
        column = parts((KIND, 1)) + length
        if size <= 5:
            cases.accept(f"column/length of {size} bytes", NAME, u32(column), state)
    column = parts((KIND, 1)) + long_varint(VALUES << 3 | 2, 5) + b"\2\3\4"
    cases.accept("column/tag of 5 bytes", NAME, u32(column), state)
    top = parts((KIND, 1), (VALUES, b"\xff" * 9 + b"\1" + b"\0"))
    data = one("scalars", 2, top, 4)
    cases.accept(
        "column/tenth byte is 1", NAME, data, {"scalars": [{"u64": 2**64 - 1}, {}]}
    )
    large = one("scalars", 2, unsigned([1, 2]), _LARGE)
    cases.accept(
        "column/number 2^29 - 1", NAME, large, {"scalars": [{"large": 1}, {"large": 2}]}
    )
