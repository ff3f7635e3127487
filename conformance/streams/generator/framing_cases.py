# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Prefix, header, chunks, codecs, trailer, limits: what needs no schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devstate import wire
from devstate.framing import CHUNK_HEADER, PREFIX

from .kit import (
    CHECKSUM,
    LIMIT,
    MALFORMED,
    NO_TRAILER,
    NOT_A_STREAM,
    TRAILING_BYTES,
    UNKNOWN,
    Cases,
    schema,
)
from .streams import (
    BATCH,
    ROOT,
    TRAILER,
    Builder,
    checksum,
    field,
    header_of,
    prefix_of,
    stream,
    varint_field,
    zstd_block,
    zstd_frame,
)

BOTH = ("verify", "decode")

# One line: Part {id: 7, label: "ab"}.
LINE = field(1, bytes.fromhex("08011001 1807")) + field(
    2, bytes.fromhex("0806 1a06 0801 1001 1802 22026162".replace(" ", ""))
)
LINE_STATE = {"lines": [{"id": 7, "label": "ab"}]}
ROOT_BYTES = varint_field(3, 5)
ROOT_STATE: dict[str, Any] = {"u32": 5}
STATE = {**ROOT_STATE, **LINE_STATE}


def builder(header: bytes | None = None) -> Builder:
    return Builder(schema("kit"), header)


def small() -> bytes:
    return stream(schema("kit"), ROOT_BYTES, ("lines", 1, LINE))


def sealed(data: bytearray) -> bytes:
    """Makes the checksums of prefix and chunk headers right again, and the digest."""
    size = int.from_bytes(data[12:16], "little")
    header = bytes(data[32 : 32 + size])
    data[:32] = prefix_of(
        header,
        int.from_bytes(data[8:10], "little"),
        int.from_bytes(data[10:12], "little"),
    )
    return bytes(data)


def add(cases: Cases) -> None:
    prefix_cases(cases)
    header_cases(cases)
    chunk_header_cases(cases)
    order_cases(cases)
    codec_cases(cases)
    trailer_cases(cases)
    damage_cases(cases)
    limit_cases(cases)


def prefix_cases(cases: Cases) -> None:
    data = small()
    for name, bytes_ in (
        ("text", b"#!/bin/sh\nexit 0\n" * 4),
        ("zeros", bytes(64)),
        ("short and other", b"\xd5de"[:2] + b"x"),
        ("magic in text mode", data.replace(b"\r\n", b"\n", 1)),
        ("magic without its first bit", bytes([data[0] & 0x7F]) + data[1:]),
    ):
        cases.refuse(f"prefix/{name}", "kit", bytes_, NOT_A_STREAM, do=BOTH)
    for size in (0, 1, 7, 8, 31):
        cases.refuse(f"prefix/cut at {size}", "kit", data[:size], NO_TRAILER, do=BOTH)
    for at in (8, 10, 12, 16, 24, 31):
        damaged = bytearray(data)
        damaged[at] ^= 4
        cases.refuse(
            f"prefix/byte {at} damaged", "kit", bytes(damaged), CHECKSUM, do=BOTH
        )
    for version, reserved in ((0, 0), (2, 0), (257, 0), (1, 1), (1, 0x8000)):
        changed = bytearray(data)
        changed[8:10] = version.to_bytes(2, "little")
        changed[10:12] = reserved.to_bytes(2, "little")
        cases.refuse(
            f"prefix/version {version} reserved {reserved}",
            "kit",
            sealed(changed),
            UNKNOWN,
            do=BOTH,
        )
    claim = PREFIX.pack(data[:8], 1, 0, 64 * 1024 + 1, 0, 0)[:24]
    claim += checksum(claim).to_bytes(8, "little")
    cases.refuse(
        "prefix/header beyond its limit is not waited for",
        "kit",
        claim,
        LIMIT,
        do=BOTH,
        level="recommended",
    )


def header_cases(cases: Cases) -> None:
    made = schema("kit")

    def with_header(header: bytes) -> bytes:
        return builder(header).root(ROOT_BYTES).finish()

    plain = header_of(made)
    unknown = field(15, b"new") + varint_field(16, 3)
    unknown += (
        wire.tag(17, wire.FIXED64) + bytes(8) + wire.tag(18, wire.FIXED32) + bytes(4)
    )
    for name, header in (
        ("unknown fields are ignored", plain + unknown),
        ("unknown groups are ignored", plain + b"\x9b\x01\x08\x01\x9c\x01"),
        ("no writer", header_of(made, writer=None)),
        (
            "features and instance",
            header_of(made, used_features=["A", "B"], instance="fs0"),
        ),
        (
            "conversions",
            header_of(made, conversions=[{"from_version": 1, "to_version": 2}]),
        ),
        ("the last of two versions counts", varint_field(3, 9) + plain),
        ("not in order", plain[40:40] + field(10, "é".encode()) + plain),
    ):
        cases.accept(f"header/{name}", "kit", with_header(header), ROOT_STATE)
    for name, header in (
        ("a field is cut", plain + b"\x52\x05abc"),
        ("a tag is cut", plain + b"\x80"),
        ("field 0", plain + b"\x00\x00"),
        ("a varint of eleven bytes", plain + b"\x18" + b"\x80" * 10 + b"\x01"),
        ("text is not UTF-8", plain + field(10, b"\xff")),
        ("a writer's text is not UTF-8", plain + field(6, field(2, b"\xc0\x80"))),
        ("a group without end", plain + b"\x9b\x01\x08\x01"),
        ("wire type 7", plain + b"\x9f\x01"),
    ):
        cases.refuse(f"header/{name}", "kit", with_header(header), MALFORMED, do=BOTH)
    damaged = bytearray(small())
    damaged[40] ^= 1
    cases.refuse("header/a byte is damaged", "kit", bytes(damaged), CHECKSUM, do=BOTH)


def chunk_header_cases(cases: Cases) -> None:
    def refuse(name: str, data: bytes, *reasons: str) -> None:
        cases.refuse(f"chunk header/{name}", "kit", data, *reasons, do=BOTH)

    for sequence in (0, 2, 0xFFFFFFFF):
        made = builder().root(ROOT_BYTES)
        made.chunk(BATCH, LINE, field=41, records=1, sequence=sequence)
        refuse(f"sequence {sequence}", made.finish(), CHECKSUM)
    for bit in range(1, 16):
        made = builder().root().chunk(BATCH, LINE, field=41, records=1, flags=1 << bit)
        refuse(f"unknown flag {bit}", made.finish(), UNKNOWN)
    made = builder().chunk(ROOT, ROOT_BYTES, flags=2)
    refuse("unknown flag of the root chunk", made.finish(), UNKNOWN)
    for kind in (0, 4, 5, 127, 255):
        refuse(
            f"unknown type {kind}", builder().root().chunk(kind, b"x").finish(), UNKNOWN
        )
        made = builder().root(ROOT_BYTES).chunk(kind, b"what is new", flags=1)
        cases.accept(
            f"chunk header/ignorable type {kind}", "kit", made.finish(), ROOT_STATE
        )
    for codec in (2, 3, 255):
        made = builder().root().chunk(BATCH, LINE, field=41, records=1, codec=codec)
        refuse(f"unknown codec {codec}", made.finish(), UNKNOWN)
        made = builder().root().chunk(9, b"x", codec=codec, flags=1)
        refuse(f"unknown codec {codec} of an ignorable chunk", made.finish(), UNKNOWN)
    refuse(
        "batch without a field", builder().root().batch(0, 1, LINE).finish(), MALFORMED
    )
    refuse(
        "batch without records", builder().root().batch(41, 0, b"").finish(), MALFORMED
    )
    for name, header in (
        ("root with a field", {"field": 41}),
        ("root with records", {"records": 1}),
        ("ignorable root", {"flags": 1}),
    ):
        refuse(name, builder().chunk(ROOT, b"", **header).finish(), MALFORMED)
    trailer = varint_field(1, 1)
    for name, header in (
        ("trailer with a field", {"field": 1}),
        ("trailer with records", {"records": 1}),
        ("ignorable trailer", {"flags": 1}),
    ):
        refuse(name, builder().root().end(trailer, **header), MALFORMED)
    frame = zstd_frame(trailer)
    made = builder().root()
    refuse(
        "compressed trailer", made.zstd(TRAILER, frame, len(trailer)).cut(), MALFORMED
    )
    for stored, decoded in ((b"", 1), (b"\x18\x05", 1), (b"\x18\x05", 3)):
        made = builder().chunk(ROOT, stored, decoded)
        refuse(
            f"raw chunk of {len(stored)} and {decoded} bytes", made.finish(), MALFORMED
        )
    for name, kind, header, payload in (
        ("its field and records are free", 200, {"field": 7, "records": 3}, b"abc"),
        ("it may be compressed", 201, {"codec": 1}, zstd_frame(b"abc")),
        ("it may be empty", 202, {}, b""),
    ):
        size = 3 if payload else 0
        made = builder().root(ROOT_BYTES).chunk(kind, payload, size, flags=1, **header)
        data = made.batch("lines", 1, LINE).finish()
        cases.accept(f"chunk header/ignorable chunk: {name}", "kit", data, STATE)
    made = builder().root().zstd(200, b"no frame", 4, flags=1)
    refuse("ignorable chunk that does not decompress", made.finish(), MALFORMED)
    damaged = bytearray(builder().root().chunk(200, b"payload", flags=1).finish())
    damaged[damaged.index(b"payload")] ^= 1
    refuse("ignorable chunk whose payload is damaged", bytes(damaged), CHECKSUM)


def order_cases(cases: Cases) -> None:
    def refuse(
        name: str, data: bytes, *reasons: str, do: tuple[str, ...] = BOTH
    ) -> None:
        cases.refuse(f"order/{name}", "kit", data, *reasons, do=do)

    cases.accept("order/root alone", "kit", builder().root().finish(), {})
    cases.accept("order/root and batch", "kit", small(), STATE)
    refuse("no chunk at all", builder().finish(), MALFORMED)
    refuse("batch first", builder().batch("lines", 1, LINE).finish(), MALFORMED)
    refuse(
        "ignorable chunk first",
        builder().chunk(9, b"", flags=1).root().finish(),
        MALFORMED,
    )
    refuse("two root chunks", builder().root().root().finish(), MALFORMED)
    made = builder().root().batch("deep", 1, b"").batch("lines", 1, LINE)
    refuse("fields descend", made.finish(), MALFORMED)
    made = builder().root().batch("lines", 1, LINE).batch("lines", 2, b"")
    state = {"lines": [{"id": 7, "label": "ab"}, {}, {}]}
    cases.accept("order/two batches of a field", "kit", made.finish(), state)
    for name, number in (
        ("unknown", 99),
        ("a singular", 3),
        ("a map", 28),
        ("above 2^29", 1 << 31),
    ):
        made = builder().root().batch(number, 1, b"")
        refuse(f"batch of {name} field", made.finish(), UNKNOWN, do=("decode",))
        made = (
            builder().root(ROOT_BYTES).batch("lines", 1, LINE)
            if number > 41
            else builder().root(ROOT_BYTES)
        )
        data = made.chunk(BATCH, b"", field=number, records=1, flags=1).finish()
        state = STATE if number > 41 else ROOT_STATE
        cases.accept(f"order/ignorable batch of {name} field", "kit", data, state)
    # The mark of a known field's batch changes nothing.
    made = builder().root(ROOT_BYTES).chunk(BATCH, LINE, field=41, records=1, flags=1)
    cases.accept("order/ignorable batch of a known field", "kit", made.finish(), STATE)


def codec_cases(cases: Cases) -> None:
    text = LINE
    long = field(1, bytes.fromhex("0801") + field(7, bytes([9]) * 300))
    long_state = {"lines": [{"id": 9}] * 300}

    def batch(frame: bytes, size: int, records: int = 1) -> bytes:
        made = builder().root(ROOT_BYTES)
        return made.zstd(BATCH, frame, size, field=41, records=records).finish()

    rle = zstd_block(long[:-300], last=False) + zstd_block(
        b"\x09", last=True, kind=1, size=300
    )
    two = zstd_block(text[:5], last=False) + zstd_block(text[5:], last=True)
    empty_last = zstd_block(text, last=False) + zstd_block(b"", last=True)
    content_sum = (xxh64(text) & 0xFFFFFFFF).to_bytes(4, "little")
    for name, frame in (
        ("one segment", zstd_frame(text)),
        ("window of 1 KiB", zstd_frame(text, window=0)),
        ("window of 2^31 bytes", zstd_frame(text, window=21 << 3)),
        ("two blocks", zstd_frame(text, blocks=two)),
        ("empty last block", zstd_frame(text, blocks=empty_last)),
        ("with a checksum", zstd_frame(text, content_checksum=content_sum)),
    ):
        cases.accept(f"zstd/{name}", "kit", batch(frame, len(text)), STATE)
    state = {**ROOT_STATE, **long_state}
    data = batch(zstd_frame(long, blocks=rle), len(long), 300)
    cases.accept("zstd/run of one byte", "kit", data, state)
    made = builder().zstd(ROOT, zstd_frame(ROOT_BYTES), len(ROOT_BYTES))
    cases.accept("zstd/root", "kit", made.finish(), ROOT_STATE)
    made = builder().zstd(ROOT, zstd_frame(b""), 0)
    cases.accept("zstd/empty root", "kit", made.finish(), {})

    frame = zstd_frame(text)
    skippable = b"\x50\x2a\x4d\x18\x01\x00\x00\x00x"
    for name, bad, size in (
        ("not a frame", b"\x00" * 20, len(text)),
        ("nothing", b"", len(text)),
        ("magic alone", frame[:4], len(text)),
        ("magic of an older format", b"\x27" + frame[1:], len(text)),
        ("without magic", frame[4:], len(text)),
        ("cut", frame[:-1], len(text)),
        ("a byte more", frame + b"\0", len(text)),
        ("two frames", frame + frame, 2 * len(text)),
        ("two frames, one of them counted", frame + frame, len(text)),
        ("two frames, the second one empty", frame + zstd_frame(b""), len(text)),
        ("skippable frame first", skippable + frame, len(text)),
        ("skippable frame last", frame + skippable, len(text)),
        ("skippable frame alone", skippable, 0),
        (
            "no content size",
            b"\x28\xb5\x2f\xfd\x00\x00" + zstd_block(text, last=True),
            len(text),
        ),
        (
            "content size of another number",
            zstd_frame(text, size=len(text) + 1),
            len(text),
        ),
        (
            "less content than declared",
            zstd_frame(text, size=len(text) + 1),
            len(text) + 1,
        ),
        (
            "more content than declared",
            zstd_frame(text, size=len(text) - 1),
            len(text) - 1,
        ),
        ("chunk header with another size", frame, len(text) + 1),
        ("dictionary", zstd_frame(text, dictionary=1), len(text)),
        ("window above 2^31 bytes", zstd_frame(text, window=21 << 3 | 1), len(text)),
        ("window of 2^41 bytes", zstd_frame(text, window=31 << 3), len(text)),
        ("reserved bit", frame[:4] + bytes([frame[4] | 8]) + frame[5:], len(text)),
        (
            "block of type 3",
            zstd_frame(text, blocks=zstd_block(text, last=True, kind=3)),
            len(text),
        ),
        (
            "no last block",
            zstd_frame(text, blocks=zstd_block(text, last=False)),
            len(text),
        ),
        ("a wrong checksum", zstd_frame(text, content_checksum=b"\1\2\3\4"), len(text)),
        (
            "a checksum is missing",
            zstd_frame(text)[:4] + b"\x24" + zstd_frame(text)[5:],
            len(text),
        ),
    ):
        cases.refuse(f"zstd/{name}", "kit", batch(bad, size), MALFORMED, do=BOTH)


def xxh64(data: bytes) -> int:
    import xxhash

    return int(xxhash.xxh64_intdigest(data))


def trailer_cases(cases: Cases) -> None:
    for name in ("chunks", "records", "decoded_bytes", "stored_bytes", "digest"):
        made = builder().root(ROOT_BYTES).batch("lines", 1, LINE)
        right = made.writer.trailer_message()[name]
        data = made.finish(**{name: right + 1})
        cases.refuse(f"trailer/{name} is one more", "kit", data, CHECKSUM, do=BOTH)
        made = builder().root(ROOT_BYTES).batch("lines", 1, LINE)
        data = made.finish(**{name: 0})
        cases.refuse(f"trailer/{name} is missing", "kit", data, CHECKSUM, do=BOTH)
    cases.refuse("trailer/empty", "kit", builder().root().end(b""), CHECKSUM, do=BOTH)

    def trailer(tail: bytes, head: bytes = b"") -> bytes:
        from devstate import own_schema
        from devstate.message import encode

        made = builder().root(ROOT_BYTES).batch("lines", 1, LINE)
        right = encode(own_schema.TRAILER, made.writer.trailer_message())
        return made.end(head + right + tail)

    for name, tail, head in (
        ("unknown fields are ignored", field(7, b"new") + varint_field(99, 1), b""),
        ("the last of two counts", b"", varint_field(1, 77)),
    ):
        cases.accept(f"trailer/{name}", "kit", trailer(tail, head), STATE)
    for name, tail in (
        ("is cut", b"\x32\x05a"),
        ("field 0", b"\x02\x00"),
        ("wire type 6", b"\x36"),
    ):
        cases.refuse(f"trailer/{name}", "kit", trailer(tail), MALFORMED, do=BOTH)
    for name, more in (
        ("a zero", b"\0"),
        ("a stream", small()),
        ("a line feed", b"\n"),
    ):
        data = small() + more
        cases.refuse(f"trailer/{name} follows", "kit", data, TRAILING_BYTES, do=BOTH)


def pieces(data: bytes) -> list[bytes]:
    """Takes a stream apart: prefix and header, then each chunk."""
    at = 32 + int.from_bytes(data[12:16], "little")
    found = [data[:at]]
    while at < len(data):
        size = CHUNK_HEADER.unpack(data[at : at + 40])[6]
        found.append(data[at : at + 40 + size])
        at += 40 + size
    return found


def damage_cases(cases: Cases) -> None:
    made = builder().root(ROOT_BYTES)
    for count in (1, 2, 3):
        made.batch("lines", count, LINE if count == 1 else b"")
    data = made.finish()
    parts = pieces(data)
    other = pieces(builder().root(varint_field(3, 6)).batch("lines", 1, LINE).finish())
    changes: tuple[tuple[str, Callable[[list[bytes]], list[bytes]], str], ...] = (
        ("a chunk is dropped", lambda p: p[:2] + p[3:], CHECKSUM),
        ("the last chunk is dropped", lambda p: p[:4] + p[5:], CHECKSUM),
        ("the root is dropped", lambda p: p[:1] + p[2:], CHECKSUM),
        ("a chunk is doubled", lambda p: p[:3] + p[2:], CHECKSUM),
        ("two chunks are swapped", lambda p: [*p[:2], p[3], p[2], *p[4:]], CHECKSUM),
        ("a chunk of another stream", lambda p: [*p[:2], other[2], *p[3:]], CHECKSUM),
        ("the root of another stream", lambda p: [p[0], other[1], *p[2:]], CHECKSUM),
        ("the header of another stream", lambda p: [other_header(), *p[1:]], CHECKSUM),
        ("no trailer", lambda p: p[:-1], NO_TRAILER),
        ("the trailer is doubled", lambda p: [*p, p[-1]], TRAILING_BYTES),
        ("the trailer of another stream", lambda p: [*p[:-1], other[-1]], CHECKSUM),
    )
    for name, change, reason in changes:
        cases.refuse(f"damage/{name}", "kit", b"".join(change(parts)), reason, do=BOTH)
    whole = small()
    for size in range(32, len(whole), 9):
        cases.refuse(f"damage/cut at {size}", "kit", whole[:size], NO_TRAILER, do=BOTH)
    # One bit of each byte, another one from byte to byte.
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        reason = NOT_A_STREAM if at < 8 else CHECKSUM
        cases.refuse(
            f"damage/bit {at % 8} of byte {at}", "kit", bytes(damaged), reason, do=BOTH
        )


def other_header() -> bytes:
    header = header_of(schema("kit"), instance="other")
    return prefix_of(header) + header


def limit_cases(cases: Cases) -> None:
    def refuse(name: str, data: bytes, do: tuple[str, ...] = BOTH) -> None:
        cases.refuse(f"limit/{name}", "kit", data, LIMIT, do=do, level="recommended")

    def claim(stored: int, decoded: int, codec: int = 0, records: int = 1) -> bytes:
        """A chunk header whose payload never comes."""
        made = builder().root()
        head = CHUNK_HEADER.pack(2, codec, 0, 1, 41, records, stored, decoded, 0, 0)[
            :32
        ]
        seed = made.writer.trailer_message()["digest"]
        return made.cut() + head + checksum(head, seed).to_bytes(8, "little")

    mebi = 1 << 20
    refuse("stored bytes are not waited for", claim(mebi + 1, mebi + 1))
    refuse("decoded bytes are not waited for", claim(100, mebi + 1, codec=1))
    refuse("stored bytes of a frame", claim(mebi + 1, 100, codec=1))
    refuse("records", claim(10, 10, records=65537))
    refuse("2^32 - 1 records", claim(10, 10, records=0xFFFFFFFF))
    made = builder().root().chunk(200, b"", flags=1, records=65537)
    refuse("records of an ignorable chunk", made.finish())
    three = field(1, field(1, bytes.fromhex("080110011803")))
    # 65536 records of 200 bytes are within the limit, 3 entries each are not.
    data = builder().root().batch("maps", 65536, three).finish()
    refuse("many small maps", data, do=("decode",))
    # What grows in the reader is charged before it is decoded.
    many = field(1, bytes.fromhex("08011001") + varint_field(3, 0xFFFFFFFF))
    for name, column in (
        ("a map with 2^32 - 1 entries", field(1, many)),
        ("maps with 2^32 - 1 entries, and values", field(1, many + field(2, b""))),
    ):
        data = builder().root().batch("maps", 4, column).finish()
        refuse(name, data, do=("decode",))
    nested = field(1, bytes.fromhex("08011001") + varint_field(3, 65536))
    data = builder().root().batch("deep", 64, field(2, nested)).finish()
    refuse("repeated messages", data, do=("decode",))
    # max_expansion: 1 MiB is free, then 1024 to 1.
    size = mebi
    rle = b"".join(
        zstd_block(b"\0", last=i == 7, kind=1, size=size // 8) for i in range(8)
    )
    frame = zstd_frame(b"", size=size, blocks=rle)
    made = builder().root().zstd(200, frame, size, flags=1)
    cases.accept(
        "limit/1 MiB out of a few bytes", "kit", made.finish(), {}, level="recommended"
    )
    made = (
        builder().root().zstd(200, frame, size, flags=1).zstd(200, frame, size, flags=1)
    )
    refuse("expansion", made.finish())
