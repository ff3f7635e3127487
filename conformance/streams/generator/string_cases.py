# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""BytesColumn: strings and bytes in both layouts, and what is none."""

from __future__ import annotations

from typing import Any

from devstate.number_column import Encoding, Kind
from devstate.strings_column import Layout, encode_strings

from .columns import (
    KIND,
    LAYOUT,
    LENGTHS,
    TEXT_DATA,
    WORD0,
    occurrences,
    parts,
    texts,
    unsigned,
)
from .kit import MALFORMED, UNKNOWN, Cases, schema
from .root_cases import BAD_TEXTS, GOOD_TEXTS
from .streams import field, stream

NAME = "everything"
TEXT, BYTES = 14, 15


def batch(table: str, records: int, payload: bytes) -> bytes:
    return stream(schema(NAME), b"", (table, records, payload))


def add(cases: Cases) -> None:
    string_cases(cases)
    word_cases(cases)


def string_cases(cases: Cases) -> None:
    values = {
        "text": [s.encode() for s in GOOD_TEXTS],
        "data": [b"", b"\xff\xfe", b"", bytes(300), b"x"],
    }
    for name, kind, number in (("text", Kind.TEXT, TEXT), ("data", Kind.BYTES, BYTES)):
        rows = values[name]
        python = [v.decode() for v in rows] if kind is Kind.TEXT else rows
        for encoding in Encoding:
            chosen = rows
            shown: list[Any] = list(python)
            if encoding in (Encoding.CONSTANT, Encoding.SEQUENCE):
                chosen = (
                    [b"abc", b"xyz"]
                    if encoding is Encoding.CONSTANT
                    else [b"", b"ab", b"abcd"]
                )
                shown = (
                    [v.decode() for v in chosen] if kind is Kind.TEXT else list(chosen)
                )
            column = encode_strings(kind, chosen, lengths_encoding=encoding)
            state = {"scalars": [{name: value} for value in shown]}
            data = batch("scalars", len(chosen), field(number, column))
            cases.accept(f"strings/{name}, lengths {encoding.name}", NAME, data, state)
        zeros = parts((KIND, kind))
        data = batch("scalars", 2, field(number, zeros))
        cases.accept(f"strings/{name}, no lengths", NAME, data, {"scalars": [{}, {}]})
        zeros = parts(
            (KIND, kind), (LAYOUT, 0), (LENGTHS, unsigned([0, 0])), (TEXT_DATA, b"")
        )
        data = batch("scalars", 2, field(number, zeros))
        cases.accept(f"strings/{name}, empty data", NAME, data, {"scalars": [{}, {}]})
        lengths = unsigned([1, 2])
        backwards = parts((TEXT_DATA, b"abc"), (LENGTHS, lengths), (KIND, kind))
        data = batch("scalars", 2, field(number, backwards))
        shown = ["a", "bc"] if kind is Kind.TEXT else [b"a", b"bc"]
        cases.accept(
            f"strings/{name}, parts in any order",
            NAME,
            data,
            {"scalars": [{name: v} for v in shown]},
        )
        present = occurrences([1, 0, 1], texts(kind, [b"", b"x"]))
        data = batch("optionals", 3, field(number, present))
        shown = ["", "x"] if kind is Kind.TEXT else [b"", b"x"]
        cases.accept(
            f"strings/optional {name}",
            NAME,
            data,
            {"optionals": [{name: shown[0]}, {}, {name: shown[1]}]},
        )
        present = occurrences([2, 0, 1], texts(kind, [b"", b"x", b""]))
        data = batch("repeateds", 3, field(number, present))
        cases.accept(
            f"strings/repeated {name}",
            NAME,
            data,
            {"repeateds": [{name: shown}, {}, {name: shown[:1]}]},
        )
        for label, column in (
            (
                "too little data",
                parts((KIND, kind), (LENGTHS, lengths), (TEXT_DATA, b"ab")),
            ),
            (
                "too much data",
                parts((KIND, kind), (LENGTHS, lengths), (TEXT_DATA, b"abcd")),
            ),
            ("no data", parts((KIND, kind), (LENGTHS, lengths))),
            ("data without lengths", parts((KIND, kind), (TEXT_DATA, b"abc"))),
            (
                "one length",
                parts((KIND, kind), (LENGTHS, unsigned([3])), (TEXT_DATA, b"abc")),
            ),
            (
                "three lengths",
                parts(
                    (KIND, kind), (LENGTHS, unsigned([1, 1, 1])), (TEXT_DATA, b"abc")
                ),
            ),
            (
                "length above 32 bits",
                parts(
                    (KIND, kind), (LENGTHS, unsigned([2**32, 3])), (TEXT_DATA, b"abc")
                ),
            ),
            (
                "lengths that wrap around",
                parts(
                    (KIND, kind),
                    (LENGTHS, unsigned([2**64 - 1, 4])),
                    (TEXT_DATA, b"abc"),
                ),
            ),
            (
                "lengths of another kind",
                parts(
                    (KIND, kind),
                    (LENGTHS, parts((KIND, 2), (7, b"\2\4"))),
                    (TEXT_DATA, b"abc"),
                ),
            ),
            (
                "a word",
                parts(
                    (KIND, kind),
                    (LENGTHS, lengths),
                    (TEXT_DATA, b"abc"),
                    (WORD0, unsigned([1, 1])),
                ),
            ),
            (
                "the other kind",
                texts(Kind.TEXT if kind is Kind.BYTES else Kind.BYTES, [b"a", b"b"]),
            ),
            ("kind of numbers", texts(Kind.UNSIGNED, [b"a", b"b"])),
            ("no kind", parts((LENGTHS, lengths), (TEXT_DATA, b"abc"))),
            (
                "kind twice",
                parts(
                    (KIND, kind), (KIND, kind), (LENGTHS, lengths), (TEXT_DATA, b"abc")
                ),
            ),
            (
                "lengths twice",
                parts(
                    (KIND, kind),
                    (LENGTHS, lengths),
                    (LENGTHS, lengths),
                    (TEXT_DATA, b"abc"),
                ),
            ),
            (
                "data twice",
                parts(
                    (KIND, kind),
                    (LENGTHS, lengths),
                    (TEXT_DATA, b"a"),
                    (TEXT_DATA, b"abc"),
                ),
            ),
            (
                "kind as bytes",
                parts((KIND, b"\6"), (LENGTHS, lengths), (TEXT_DATA, b"abc")),
            ),
            (
                "lengths as a number",
                parts((KIND, kind), (LENGTHS, 1), (TEXT_DATA, b"abc")),
            ),
            ("empty column", b""),
            ("cut", texts(kind, [b"a", b"bc"])[:-1]),
        ):
            data = batch("scalars", 2, field(number, column))
            cases.refuse(f"strings/{name}: {label}", NAME, data, MALFORMED)
        for layout in (2, 3, 2**32, 2**32 + 1, 2**63):
            column = parts(
                (KIND, kind), (LAYOUT, layout), (LENGTHS, lengths), (TEXT_DATA, b"abc")
            )
            data = batch("scalars", 2, field(number, column))
            cases.refuse(f"strings/{name}: layout {layout}", NAME, data, UNKNOWN)
        for part in (13, 14, 15, 16, 999):
            column = texts(kind, [b"a", b"bc"]) + parts((part, b""))
            data = batch("scalars", 2, field(number, column))
            cases.refuse(f"strings/{name}: unknown part {part}", NAME, data, UNKNOWN)
        for other in (7, 255, 2**32 + kind):
            data = batch("scalars", 2, field(number, texts(other, [b"a", b"bc"])))  # type: ignore[arg-type]
            cases.refuse(f"strings/{name}: kind {other}", NAME, data, UNKNOWN)
    for label, text in BAD_TEXTS.items():
        for place, rows in (("first", [text, b"ok"]), ("last", [b"ok", text])):
            data = batch("scalars", 2, field(TEXT, texts(Kind.TEXT, rows)))
            cases.refuse(f"strings/UTF-8: {label}: {place}", NAME, data, MALFORMED)
        data = batch("scalars", 1, field(BYTES, texts(Kind.BYTES, [text])))
        cases.accept(
            f"strings/UTF-8: {label}: bytes", NAME, data, {"scalars": [{"data": text}]}
        )
        key = field(1, texts(Kind.TEXT, [text]))
        data = batch("repeateds", 1, field(18, occurrences([1], key)))
        cases.refuse(f"strings/UTF-8: {label}: key", NAME, data, MALFORMED)
    for label, rows in (
        ("two halves", [b"\xc3", b"\xa9"]),
        ("one and two thirds", [b"\xe2", b"\x82\xac"]),
        ("halves of two", [b"a\xc3", b"\xa9b"]),
        ("halves around an empty one", [b"\xc3", b"", b"\xa9"]),
    ):
        data = batch("scalars", len(rows), field(TEXT, texts(Kind.TEXT, rows)))
        cases.refuse(f"strings/UTF-8 in {label}", NAME, data, MALFORMED)
        data = batch("scalars", len(rows), field(BYTES, texts(Kind.BYTES, rows)))
        cases.accept(
            f"strings/bytes in {label}",
            NAME,
            data,
            {"scalars": [{"data": v} for v in rows]},
        )


def word_cases(cases: Cases) -> None:
    for length in range(4, 36, 4):
        rows = [bytes((i * 7 + j) % 128 for j in range(length)) for i in range(3)]
        for name, kind, number in (
            ("text", Kind.TEXT, TEXT),
            ("data", Kind.BYTES, BYTES),
        ):
            if length > 32:
                continue
            column = encode_strings(kind, rows, Layout.WORDS)
            shown: list[Any] = (
                [v.decode() for v in rows] if kind is Kind.TEXT else list(rows)
            )
            data = batch("scalars", 3, field(number, column))
            cases.accept(
                f"words/{name} of {length}",
                NAME,
                data,
                {"scalars": [{name: v} for v in shown]},
            )
    rows = [b"abcdefgh", b"ABCDEFGH"]
    for encoding in (
        Encoding.BYTE,
        Encoding.DELTA_BYTE,
        Encoding.FIXED,
        Encoding.DICTIONARY,
        Encoding.RUN_LENGTH,
    ):
        column = encode_strings(Kind.BYTES, rows, Layout.WORDS, words_encoding=encoding)
        data = batch("scalars", 2, field(BYTES, column))
        cases.accept(
            f"words/{encoding.name}",
            NAME,
            data,
            {"scalars": [{"data": v} for v in rows]},
        )
    eight, words = unsigned([8, 8]), unsigned([1, 2**32 - 1])
    low = [b"\1\0\0\0\0\0\0\0", b"\xff\xff\xff\xff\0\0\0\0"]
    some = parts((KIND, 5), (LAYOUT, 1), (LENGTHS, eight), (WORD0, words))
    data = batch("scalars", 2, field(BYTES, some))
    cases.accept(
        "words/a word of zeros is left out",
        NAME,
        data,
        {"scalars": [{"data": v} for v in low]},
    )
    none = parts((KIND, 5), (LAYOUT, 1), (LENGTHS, eight))
    data = batch("scalars", 2, field(BYTES, none))
    cases.accept(
        "words/all words are left out",
        NAME,
        data,
        {"scalars": [{"data": bytes(8)}] * 2},
    )
    euro = parts(
        (KIND, 6),
        (LAYOUT, 1),
        (LENGTHS, unsigned([4])),
        (WORD0, unsigned([0x61AC82E2])),
    )
    data = batch("scalars", 1, field(TEXT, euro))
    cases.accept("words/text", NAME, data, {"scalars": [{"text": "€a"}]})

    def words_of(*pairs: tuple[int, int | bytes]) -> bytes:
        return parts((KIND, 5), (LAYOUT, 1), *pairs)

    word = unsigned([1, 2])
    signed = parts((KIND, 2), (7, b"\2\4"))
    for label, bad in (
        ("no lengths", words_of((WORD0, word))),
        ("lengths of 0", words_of((LENGTHS, unsigned([0, 0])))),
        ("two lengths", words_of((LENGTHS, unsigned([4, 8])), (WORD0, word))),
        ("length 3", words_of((LENGTHS, unsigned([3, 3])), (WORD0, word))),
        ("length 6", words_of((LENGTHS, unsigned([6, 6])), (WORD0, word))),
        ("length 36", words_of((LENGTHS, unsigned([36, 36])), (WORD0, word))),
        (
            "length 2^32 - 4",
            words_of((LENGTHS, unsigned([2**32 - 4] * 2)), (WORD0, word)),
        ),
        (
            "a word beyond the length",
            words_of((LENGTHS, unsigned([4, 4])), (WORD0 + 1, word)),
        ),
        (
            "the eighth word of seven",
            words_of((LENGTHS, unsigned([28, 28])), (WORD0 + 7, word)),
        ),
        ("data", words_of((LENGTHS, eight), (TEXT_DATA, bytes(16)))),
        ("empty data", words_of((LENGTHS, eight), (TEXT_DATA, b""), (WORD0, word))),
        ("a word of one value", words_of((LENGTHS, eight), (WORD0, unsigned([1])))),
        (
            "a word of 33 bits",
            words_of((LENGTHS, eight), (WORD0, unsigned([1, 2**32]))),
        ),
        (
            "a word with a sign",
            words_of((LENGTHS, eight), (WORD0, signed)),
        ),
        ("a word twice", words_of((LENGTHS, eight), (WORD0, word), (WORD0, word))),
        ("a word as a number", words_of((LENGTHS, eight), (WORD0, 1))),
    ):
        data = batch("scalars", 2, field(BYTES, bad))
        cases.refuse(f"words/{label}", NAME, data, MALFORMED)
    split = parts(
        (KIND, 6),
        (LAYOUT, 1),
        (LENGTHS, unsigned([4, 4])),
        (WORD0, unsigned([0xC3616161, 0x616161A9])),
    )
    data = batch("scalars", 2, field(TEXT, split))
    cases.refuse("words/text that is not UTF-8", NAME, data, MALFORMED)
    nothing = occurrences([0, 0], parts((KIND, 5), (LAYOUT, 1)))
    data = batch("optionals", 2, field(BYTES, nothing))
    cases.refuse("words/of no row", NAME, data, MALFORMED)
