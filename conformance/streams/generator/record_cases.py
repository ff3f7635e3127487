# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Batches: order of columns, occurrences, oneofs, maps, strings, depth."""

from __future__ import annotations

from typing import Any

from devstate import table as t
from devstate import wire
from devstate.number_column import Encoding, Kind, kind_of
from devstate.values import default_value

from .columns import (
    KIND,
    edges,
    number_column,
    occurrences,
    parts,
    record_of,
    texts,
    unsigned,
)
from .kit import MALFORMED, UNKNOWN, Cases, schema
from .streams import Builder, field, long_varint, stream, varint_field

NAME = "everything"
TEXT, BYTES = 14, 15


def batch(table: str, records: int, payload: bytes, name: str = NAME) -> bytes:
    return stream(schema(name), b"", (table, records, payload))


def add(cases: Cases) -> None:
    walker_cases(cases)
    occurrence_cases(cases)
    oneof_cases(cases)
    map_cases(cases)
    nesting_cases(cases)
    batch_cases(cases)


def walker_cases(cases: Cases) -> None:
    one, two = field(3, unsigned([1, 2])), field(4, unsigned([3, 4]))
    state = {"scalars": [{"u32": 1, "u64": 3}, {"u32": 2, "u64": 4}]}
    cases.accept("columns/ascending", NAME, batch("scalars", 2, one + two), state)
    forms = (
        long_varint(3 << 3 | 2, 5)
        + long_varint(len(unsigned([1, 2])), 5)
        + unsigned([1, 2])
    )
    cases.accept("columns/long forms", NAME, batch("scalars", 2, forms + two), state)
    cases.accept("columns/none", NAME, batch("scalars", 2, b""), {"scalars": [{}, {}]})
    for name, payload in (
        ("descending", two + one),
        ("a column twice", one + one),
        ("a column twice, the first one empty", field(3, b"") + one),
        ("a column as a number", varint_field(3, 1)),
        ("a column as 32 bits", wire.tag(3, wire.FIXED32) + bytes(4)),
        ("a column as 64 bits", wire.tag(3, wire.FIXED64) + bytes(8)),
        ("a column as a group", b"\x1b\x1c"),
        ("field 0", b"\2\0" + one),
        ("cut", one[:-1]),
        ("a tag is cut", one + b"\xa2"),
        ("a tag without a length", one + b"\x22"),
        ("a length of eleven bytes", b"\x1a" + b"\x80" * 10 + b"\0"),
        ("an empty column", field(3, b"")),
    ):
        cases.refuse(f"columns/{name}", NAME, batch("scalars", 2, payload), MALFORMED)
    for number in (17, 18, 999, 536870910):
        payload = one + field(number, unsigned([1, 2]))
        cases.refuse(
            f"columns/unknown column {number}",
            NAME,
            batch("scalars", 2, payload),
            UNKNOWN,
        )
        payload = one + field(number, b"")
        cases.refuse(
            f"columns/unknown column {number}, empty",
            NAME,
            batch("scalars", 2, payload),
            UNKNOWN,
        )
    both = (MALFORMED, UNKNOWN)
    payload = two + field(17, b"") + one
    cases.refuse(
        "columns/unknown and descending", NAME, batch("scalars", 2, payload), *both
    )
    payload = field(2, b"junk") + field(17, b"")
    cases.refuse(
        "columns/malformed and unknown", NAME, batch("scalars", 2, payload), *both
    )
    inner = field(2048, occurrences([1], field(9, unsigned([1]))))
    cases.refuse(
        "columns/unknown column of a message",
        NAME,
        batch("optionals", 1, inner),
        UNKNOWN,
    )
    inner = field(2048, occurrences([1], field(2, b"") + field(1, unsigned([1]))))
    cases.refuse(
        "columns/descending in a message", NAME, batch("optionals", 1, inner), MALFORMED
    )
    for table in ("visitor", "size"):
        cases.accept(
            f"columns/message without fields: {table}",
            NAME,
            batch(table, 3, b""),
            {table: [{}] * 3},
        )
        cases.refuse(
            f"columns/column of no field: {table}",
            NAME,
            batch(table, 3, field(1, unsigned([1, 1, 1]))),
            UNKNOWN,
        )


def occurrence_cases(cases: Cases) -> None:
    for item in record_of("optionals").fields:
        if item.message is not None:
            continue
        zero: Any = {t.STRING: "", t.BYTES: b""}.get(item.type)
        if zero is None:
            zero = edges(item)[0]
        data = batch("optionals", 3, field(item.number, occurrences([0, 1, 0])))
        state = {"optionals": [{}, {item.name: zero}, {}]}
        cases.accept(
            f"occurrences/optional zero of {item.type_text}", NAME, data, state
        )
        data = batch("repeateds", 3, field(item.number, occurrences([0, 2, 1])))
        state = {"repeateds": [{}, {item.name: [zero] * 2}, {item.name: [zero]}]}
        cases.accept(
            f"occurrences/repeated zeros of {item.type_text}", NAME, data, state
        )
        if zero in ("", b""):
            column = texts(kind_of(item), [b"x", b"y"])
        else:
            column = number_column(item, edges(item)[:2], Encoding.PLAIN)
        for counts in (
            [2, 0, 0],
            [0, 0, 2],
            [1, 1, 2**32],
            [0, 255, 1],
            [1, 1, 2**64 - 1],
        ):
            data = batch(
                "optionals", 3, field(item.number, occurrences(counts, column))
            )
            cases.refuse(
                f"occurrences/{counts} times an optional {item.type_text}",
                NAME,
                data,
                MALFORMED,
            )
    u32 = 3
    values = unsigned([5, 6])
    zero_times = occurrences([0, 0])
    for table, state in (("optionals", {}), ("repeateds", {})):
        data = batch(table, 2, field(u32, zero_times))
        cases.accept(
            f"occurrences/none, written: {table}", NAME, data, {table: [state, state]}
        )
    constant = field(1, parts((KIND, 1), (2, 1), (3, 1))) + field(2, values)
    data = batch("optionals", 2, field(u32, constant))
    cases.accept(
        "occurrences/CONSTANT", NAME, data, {"optionals": [{"u32": 5}, {"u32": 6}]}
    )
    backwards = field(2, values) + field(1, unsigned([1, 1]))
    data = batch("optionals", 2, field(u32, backwards))
    cases.accept(
        "occurrences/values first", NAME, data, {"optionals": [{"u32": 5}, {"u32": 6}]}
    )
    data = batch("repeateds", 3, field(20, occurrences([2, 0, 1])))
    cases.accept(
        "occurrences/messages without fields",
        NAME,
        data,
        {"repeateds": [{"nothings": [{}, {}]}, {}, {"nothings": [{}]}]},
    )
    data = batch("repeateds", 3, field(20, occurrences([2, 0, 1], b"")))
    cases.accept(
        "occurrences/messages without fields, values written",
        NAME,
        data,
        {"repeateds": [{"nothings": [{}, {}]}, {}, {"nothings": [{}]}]},
    )
    data = batch("repeateds", 1, field(17, occurrences([0], b"")))
    cases.accept("occurrences/values of no message", NAME, data, {"repeateds": [{}]})
    data = batch("optionals", 1, field(TEXT, occurrences([0], parts((KIND, 6)))))
    cases.accept("occurrences/strings of no row", NAME, data, {"optionals": [{}]})
    for label, payload in (
        ("without occurrences", field(2, values)),
        ("empty", b""),
        ("occurrences twice", field(1, unsigned([1, 1])) * 2 + field(2, values)),
        ("values twice", field(1, unsigned([1, 1])) + field(2, values) * 2),
        ("occurrences of one record", occurrences([1], unsigned([5]))),
        ("occurrences of three records", occurrences([1, 1, 0], values)),
        (
            "occurrences with a sign",
            field(1, parts((KIND, 2), (7, b"\1\1"))) + field(2, values),
        ),
        ("occurrences as a number", varint_field(1, 1) + field(2, values)),
        ("values as a number", field(1, unsigned([1, 1])) + varint_field(2, 5)),
        ("one value of two", occurrences([1, 1], unsigned([5]))),
        ("two values of one", occurrences([1, 0], values)),
        ("empty values", occurrences([1, 1], b"")),
        ("values that nobody has", occurrences([0, 0], unsigned([5]))),
        ("cut", occurrences([1, 1], values)[:-1]),
        ("a tag is cut", occurrences([1, 1], values) + b"\x9a"),
    ):
        for table in ("optionals", "repeateds"):
            data = batch(table, 2, field(u32, payload))
            cases.refuse(f"occurrences/{label}: {table}", NAME, data, MALFORMED)
    for part in (3, 4, 15, 16, 1000):
        for label, extra in (
            ("bytes", field(part, b"")),
            ("a number", varint_field(part, 0)),
        ):
            data = batch(
                "optionals", 2, field(u32, occurrences([1, 1], values) + extra)
            )
            cases.refuse(
                f"occurrences/unknown part {part}, {label}", NAME, data, UNKNOWN
            )


def oneof_cases(cases: Cases) -> None:
    mood = field(3, parts((KIND, 2), (2, 1), (3, 14)))
    members: dict[str, tuple[int, bytes, Any]] = {
        "number": (2, unsigned([7]), 7),
        "name": (3, texts(Kind.TEXT, [b"x"]), "x"),
        "deep": (4, mood, {"mood": 7}),
        "nothing": (5, b"", {}),
        "flag": (6, unsigned([1]), True),
    }
    for name, (number, values, value) in members.items():
        data = batch("nested", 2, field(number, occurrences([0, 1], values)))
        cases.accept(f"oneof/{name}", NAME, data, {"nested": [{}, {name: value}]})
        data = batch("nested", 2, field(number, occurrences([0, 1])))
        zero: Any = {"number": 0, "name": "", "flag": False}.get(name, {})
        cases.accept(
            f"oneof/{name} at its default", NAME, data, {"nested": [{}, {name: zero}]}
        )
        for other, (more, others, _) in members.items():
            if more <= number:
                continue
            payload = field(number, occurrences([0, 1], values)) + field(
                more, occurrences([0, 1], others)
            )
            cases.refuse(
                f"oneof/{name} and {other}",
                NAME,
                batch("nested", 2, payload),
                MALFORMED,
            )
    everyone = b"".join(
        field(number, occurrences([int(i == j) for j in range(5)], values))
        for i, (number, values, _) in enumerate(members.values())
    )
    state = {"nested": [{name: value} for name, (_, _, value) in members.items()]}
    cases.accept(
        "oneof/one member in each record", NAME, batch("nested", 5, everyone), state
    )
    two = field(2, occurrences([1], unsigned([7]))) + field(
        8, occurrences([1], field(1, unsigned([9])))
    )
    cases.accept(
        "oneof/members of two oneofs",
        NAME,
        batch("nested", 1, two),
        {"nested": [{"number": 7, "part": {"id": 9}}]},
    )
    zeros = field(2, occurrences([0, 0])) + field(3, occurrences([0, 0]))
    cases.accept(
        "oneof/two members that never occur",
        NAME,
        batch("nested", 2, zeros),
        {"nested": [{}, {}]},
    )
    later = field(2, occurrences([1, 0, 1], unsigned([7, 8]))) + field(
        3, occurrences([0, 1, 1], texts(Kind.TEXT, [b"x", b"y"]))
    )
    cases.refuse(
        "oneof/two members in the last record",
        NAME,
        batch("nested", 3, later),
        MALFORMED,
    )


def map_cases(cases: Cases) -> None:
    for item in record_of("maps", "kit").fields:
        assert item.message is not None
        key, value = item.message.fields
        label = f"{key.type_text}, {value.type_text}"
        if key.type == t.STRING:
            names: list[Any] = ["", "b"]
            keys = texts(Kind.TEXT, [b"", b"b"])
            twice = texts(Kind.TEXT, [b"b", b"b"])
        else:
            names = edges(key)[:2] if key.type != t.BOOL else [False, True]
            keys = number_column(key, names, Encoding.PLAIN)
            twice = number_column(key, [names[1]] * 2, Encoding.PLAIN)
        nothing = default_value(value)
        for counts in ([2, 0], [1, 1], [0, 2]):
            payload = field(item.number, occurrences(counts, field(1, keys)))
            rows: list[dict[str, Any]] = []
            rest = list(names)
            for count in counts:
                entries = {rest.pop(0): nothing for _ in range(count)}
                rows.append({item.name: entries} if entries else {})
            data = batch("maps", 2, payload, "kit")
            cases.accept(f"maps/{label}: {counts} entries", "kit", data, {"maps": rows})
        payload = field(item.number, occurrences([2, 0], field(1, twice)))
        cases.refuse(
            f"maps/{label}: a key twice",
            "kit",
            batch("maps", 2, payload, "kit"),
            MALFORMED,
        )
        payload = field(item.number, occurrences([0, 2]))
        cases.refuse(
            f"maps/{label}: the default key twice",
            "kit",
            batch("maps", 2, payload, "kit"),
            MALFORMED,
        )
        payload = field(item.number, occurrences([1, 1], field(1, twice)))
        data = batch("maps", 2, payload, "kit")
        state = {"maps": [{item.name: {names[1]: nothing}}] * 2}
        cases.accept(f"maps/{label}: a key in two records", "kit", data, state)
        payload = field(
            item.number,
            occurrences([1, 1], field(1, keys) + field(3, unsigned([1, 1]))),
        )
        cases.refuse(
            f"maps/{label}: unknown column of the entry",
            "kit",
            batch("maps", 2, payload, "kit"),
            UNKNOWN,
        )
    values = field(1, texts(Kind.TEXT, [b"a", b"b"])) + field(
        2, occurrences([0, 1], field(1, unsigned([5])))
    )
    data = batch("maps", 1, field(12, occurrences([2], values)), "kit")
    state = {"maps": [{"text": {"a": {"id": 0}, "b": {"id": 5}}}]}
    cases.accept("maps/a message value that occurs 0 times", "kit", data, state)
    values = field(1, texts(Kind.TEXT, [b"a"])) + field(
        2, occurrences([2], field(1, unsigned([5, 6])))
    )
    data = batch("maps", 1, field(12, occurrences([1], values)), "kit")
    cases.refuse("maps/a message value that occurs twice", "kit", data, MALFORMED)
    order = field(1, unsigned([9, 3, 5])) + field(2, unsigned([1, 2, 3]))
    data = batch(
        "maps", 1, field(7, occurrences([3], field(1, unsigned([9, 3, 5])))), "kit"
    )
    cases.accept(
        "maps/keys in any order",
        "kit",
        data,
        {"maps": [{"f32": {9: False, 3: False, 5: False}}]},
    )
    del order
    colors = field(1, unsigned([1])) + field(2, parts((KIND, 2), (7, b"\x04")))
    data = batch("maps", 1, field(4, occurrences([1], colors)), "kit")
    cases.refuse("maps/enum value without a name", "kit", data, UNKNOWN)
    bools = field(1, parts((KIND, 1), (7, b"\2")))
    data = batch("maps", 1, field(11, occurrences([1], bools)), "kit")
    cases.refuse("maps/bool key 2", "kit", data, MALFORMED)


def nesting_cases(cases: Cases) -> None:
    def down(*path: int, leaf: bytes) -> bytes:
        payload = leaf
        for number in reversed(path):
            payload = field(number, occurrences([1], payload))
        return payload

    value = field(1, occurrences([1], unsigned([5])))
    for label, path, state in (
        ("four messages", (1, 1, 1), {"a": {"b": {"c": {"value": 5}}}}),
        ("repeated messages", (2, 2, 2), {"as": [{"bs": [{"cs": [{"value": 5}]}]}]}),
        ("one of each", (1, 2, 1), {"a": {"bs": [{"c": {"value": 5}}]}}),
    ):
        data = batch("deep", 1, down(*path, leaf=value), "kit")
        cases.accept(f"nesting/{label}", "kit", data, {"deep": [state]})
        bad = down(*path, leaf=field(3, b""))
        cases.refuse(
            f"nesting/{label}: unknown column",
            "kit",
            batch("deep", 1, bad, "kit"),
            UNKNOWN,
        )
        bad = down(*path, leaf=field(1, occurrences([2], unsigned([5, 6]))))
        cases.refuse(
            f"nesting/{label}: twice", "kit", batch("deep", 1, bad, "kit"), MALFORMED
        )
    lists = field(
        2,
        occurrences(
            [2, 0, 1],
            field(
                2,
                occurrences(
                    [1, 0, 2],
                    field(
                        2,
                        occurrences(
                            [0, 2, 1],
                            field(
                                2,
                                occurrences(
                                    [1, 2, 0], texts(Kind.TEXT, [b"x", b"y", b""])
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
    whole = {
        "deep": [
            {"as": [{"bs": [{}]}, {}]},
            {},
            {
                "as": [
                    {
                        "bs": [
                            {"cs": [{"texts": ["x"]}, {"texts": ["y", ""]}]},
                            {"cs": [{}]},
                        ]
                    }
                ]
            },
        ]
    }
    cases.accept("nesting/lists of lists", "kit", batch("deep", 3, lists, "kit"), whole)
    absent = field(1, occurrences([1, 0, 1]))
    cases.accept(
        "nesting/messages at their defaults",
        "kit",
        batch("deep", 3, absent, "kit"),
        {"deep": [{"a": {}}, {}, {"a": {}}]},
    )


def batch_cases(cases: Cases) -> None:
    made = Builder(schema("kit")).root()
    rows: list[dict[str, Any]] = []
    for count in (1, 3, 2):
        ids = list(range(len(rows) + 1, len(rows) + count + 1))
        made.batch("lines", count, field(1, unsigned(ids)))
        rows += [{"id": i} for i in ids]
    cases.accept(
        "batches/records of all batches, in order",
        "kit",
        made.finish(),
        {"lines": rows},
    )
    made = Builder(schema("kit")).root()
    made.batch("maps", 1, b"").batch("lines", 2, b"").batch("lines", 1, b"").batch(
        "deep", 1, b""
    )
    cases.accept(
        "batches/of every table",
        "kit",
        made.finish(),
        {"maps": [{}], "lines": [{}] * 3, "deep": [{}]},
    )
    made = Builder(schema("kit")).root()
    for i in range(40):
        made.batch("lines", 1, field(1, unsigned([i])))
    cases.accept(
        "batches/of one record each",
        "kit",
        made.finish(),
        {"lines": [{"id": i} for i in range(40)]},
    )
    made = Builder(schema("kit")).root().batch("lines", 2, field(1, unsigned([1, 2])))
    made.batch("lines", 2, field(1, unsigned([1])))
    cases.refuse("batches/the second one is bad", "kit", made.finish(), MALFORMED)
