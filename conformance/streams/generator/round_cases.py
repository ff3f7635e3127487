# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""States that come in rounds."""

from __future__ import annotations

from typing import Any

from devstate import Schema
from devstate.batch_encoder import encode_batch
from devstate.chunk_order import (
    BATCH,
    DELETIONS,
    DELTA_ROUND,
    FINAL,
    FIRST_ROUND,
    ROUND_COMPLETE,
    UPSERTS,
)
from devstate.framing import IGNORABLE

from .kit import CHECKSUM, LIMIT, MALFORMED, NO_TRAILER, UNKNOWN, Cases, schema
from .streams import Builder, varint_field

BOTH = ("verify", "decode")
OPTIONAL = "rounds"

FIRST = [
    {"id": 1, "refcount": 1, "root": {}},
    {"id": 2, "refcount": 2, "path": {"parent": 1, "name": "a"}},
    {"id": 3, "refcount": 3, "path": {"parent": 1, "name": "b"}},
]
RENAMED = {"id": 2, "refcount": 9, "path": {"parent": 1, "name": "renamed"}}
NEW = {"id": 4, "refcount": 1, "path": {"parent": 2, "name": "new"}}


class Rounds(Builder):
    """A stream in rounds, of virtio-fs unless it is told otherwise."""

    def __init__(self, made: Schema | None = None):
        super().__init__(made or schema("fs.3"))
        self.round = 0

    def start(self, root: bytes = b"") -> Rounds:
        """Starts the next round."""
        self.round += 1
        self.chunk(
            FIRST_ROUND if self.round == 1 else DELTA_ROUND, b"", field=self.round
        )
        self.root(root)
        return self

    def two_roots(self) -> Rounds:
        """Adds the root chunk once more."""
        self.root()
        return self

    def complete(self) -> Rounds:
        self.chunk(ROUND_COMPLETE, b"", field=self.round)
        return self

    def final(self) -> Rounds:
        self.chunk(FINAL, b"", field=self.round)
        return self

    def records(
        self,
        kind: int,
        table: str,
        *records: dict[str, Any],
        payload: bytes | None = None,
    ) -> Rounds:
        """Adds records, or as many with this payload."""
        item = self.schema.root.by_name[table]
        if payload is None:
            payload = encode_batch(
                self.schema, item, list(records), check_annotations=False
            )
        self.chunk(kind, payload, field=item.number, records=len(records))
        return self

    def first(self, *records: dict[str, Any], table: str = "inodes") -> Rounds:
        """Adds a batch of the first round."""
        return self.records(BATCH, table, *(records or FIRST))

    def upserts(self, *records: dict[str, Any]) -> Rounds:
        return self.records(UPSERTS, "inodes", *records)

    def deletions(self, *ids: int) -> Rounds:
        return self.records(DELETIONS, "inodes", *({"id": number} for number in ids))


def add(cases: Cases) -> None:
    merge_cases(cases)
    refused_changes(cases)
    order_cases(cases)
    trailer_cases(cases)


def next_inode(number: int) -> bytes:
    return varint_field(2, number)


def merge_cases(cases: Cases) -> None:
    def state(number: int, *inodes: dict[str, Any]) -> dict[str, Any]:
        return {"next_inode": number, "inodes": list(inodes)}

    def accept(name: str, stream: bytes, expected: dict[str, Any]) -> None:
        cases.accept(f"rounds/{name}", "fs.3", stream, expected, level=OPTIONAL)

    one = Rounds().start(next_inode(4)).first().final()
    accept("one", one.finish(), state(4, *FIRST))
    upserts = Rounds().start(next_inode(4)).first().complete()
    upserts.start(next_inode(5)).upserts(RENAMED, NEW).final()
    accept("upserts", upserts.finish(), state(5, FIRST[0], FIRST[2], RENAMED, NEW))
    deletions = Rounds().start().first().complete().start(next_inode(7))
    deletions.deletions(3, 1).final()
    accept("deletions", deletions.finish(), state(7, FIRST[1]))
    empty = Rounds().start(next_inode(4)).first().complete().start(next_inode(4))
    accept("without changes", empty.final().finish(), state(4, *FIRST))
    order = Rounds().start().first().complete().start(next_inode(6))
    order.deletions(2).upserts(RENAMED).upserts(NEW).deletions(4).final()
    accept("changes in order", order.finish(), state(6, FIRST[0], FIRST[2], RENAMED))
    again = Rounds().start().first().complete()
    for number in range(2, 12):
        again.start(next_inode(number)).upserts({**RENAMED, "refcount": number})
        again.complete() if number != 11 else again.final()
    accept(
        "last one wins",
        again.finish(),
        state(11, FIRST[0], FIRST[2], {**RENAMED, "refcount": 11}),
    )
    twice = Rounds().start().first().complete().start(next_inode(4))
    twice.upserts(RENAMED, FIRST[1]).final()
    accept(
        "key twice in a chunk", twice.finish(), state(4, FIRST[0], FIRST[2], FIRST[1])
    )
    unknown = Rounds().start().first().complete().start(next_inode(4))
    unknown.chunk(UPSERTS, b"", field=900, records=1, flags=IGNORABLE)
    accept("ignorable field", unknown.final().finish(), state(4, *FIRST))


def refused_changes(cases: Cases) -> None:
    def refuse(name: str, made: Rounds, *reasons: str, **how: Any) -> None:
        cases.refuse(
            f"rounds/{name}",
            "fs.3",
            made.final().finish(),
            *reasons,
            level=OPTIONAL,
            **how,
        )

    def second() -> Rounds:
        return Rounds().start().first().complete().start()

    refuse("deletion without record", second().deletions(9), MALFORMED)
    refuse("deletion twice", second().deletions(2, 2), MALFORMED)
    refuse(
        "deletion of what is new later", second().deletions(4).upserts(NEW), MALFORMED
    )
    refuse(
        "key twice in the first round",
        Rounds().start().first(*FIRST, NEW, NEW),
        MALFORMED,
    )
    refuse(
        "key twice in two batches", Rounds().start().first().first(FIRST[0]), MALFORMED
    )
    refuse(
        "deletion with another column",
        second().records(DELETIONS, "inodes", {"id": 2, "refcount": 1}),
        MALFORMED,
    )
    unknown = second()
    unknown.chunk(UPSERTS, b"", field=900, records=1)
    refuse("unknown field", unknown, UNKNOWN)
    kit = (
        Rounds(schema("kit")).start().first({"id": 1}, table="lines").complete().start()
    )
    kit.records(UPSERTS, "lines", {"id": 1})
    cases.refuse(
        "rounds/changes without a key",
        "kit",
        kit.final().finish(),
        MALFORMED,
        level=OPTIONAL,
    )


def order_cases(cases: Cases) -> None:
    def refuse(name: str, stream: bytes, *reasons: str) -> None:
        cases.refuse(
            f"rounds/{name}", "fs.3", stream, *reasons, do=BOTH, level=OPTIONAL
        )

    def first() -> Rounds:
        return Rounds().start().first()

    def second() -> Rounds:
        return first().complete().start()

    refuse("cut between rounds", first().complete().cut(), NO_TRAILER)
    refuse("cut in a round", second().upserts(NEW).cut(), NO_TRAILER)
    refuse("cut before the trailer", first().final().cut(), NO_TRAILER)
    refuse("trailer after a complete round", first().complete().finish(), MALFORMED)
    refuse("trailer in a round", second().finish(), MALFORMED)
    refuse("batch in a delta round", second().first(NEW).final().finish(), MALFORMED)
    refuse(
        "upserts in the first round", first().upserts(NEW).final().finish(), MALFORMED
    )
    refuse(
        "deletions in the first round", first().deletions(1).final().finish(), MALFORMED
    )
    refuse(
        "round after the final mark",
        first().final().start().final().finish(),
        MALFORMED,
    )
    whole = Rounds()
    whole.root().chunk(UPSERTS, b"", field=4, records=1)
    refuse("upserts without rounds", whole.finish(), MALFORMED)
    mark = Rounds()
    mark.root().chunk(FINAL, b"", field=1)
    refuse("final mark without rounds", mark.finish(), MALFORMED)
    rootless = Rounds()
    rootless.chunk(FIRST_ROUND, b"", field=1)
    refuse("round without a root", rootless.first().final().finish(), MALFORMED)
    refuse(
        "two roots in a round", Rounds().start().two_roots().final().finish(), MALFORMED
    )
    for number in (0, 2):
        wrong = Rounds()
        wrong.chunk(FIRST_ROUND, b"", field=number).root()
        refuse(f"first round {number}", wrong.cut(), MALFORMED)
    skipped = first().complete()
    skipped.chunk(DELTA_ROUND, b"", field=3).root()
    refuse("round 2 is left out", skipped.cut(), MALFORMED)
    late = first()
    late.chunk(ROUND_COMPLETE, b"", field=2)
    refuse("end of another round", late.cut(), MALFORMED)
    for name, stored, flags, records in (
        ("with a payload", b"x", 0, 0),
        ("ignorable", b"", IGNORABLE, 0),
        ("with records", b"", 0, 1),
    ):
        odd = Rounds()
        odd.chunk(FIRST_ROUND, stored, field=1, flags=flags, records=records)
        refuse(f"mark {name}", odd.cut(), MALFORMED)
    descending = second().records(UPSERTS, "handles", {"id": 1, "inode": 2})
    refuse(
        "fields descend in a round", descending.upserts(NEW).final().finish(), MALFORMED
    )
    unknown = first().final()
    unknown.chunk(77, b"", flags=IGNORABLE)
    refuse("unknown chunk after the final mark", unknown.finish(), MALFORMED)
    many = first()
    for _ in range(1024):
        many.complete().start()
    refuse("more than max_rounds", many.final().finish(), LIMIT)


def trailer_cases(cases: Cases) -> None:
    made = Rounds().start().first().complete().start().upserts(NEW).final()
    right = made.writer.trailer_message()["rounds"]
    for name, rounds in (
        ("without rounds", []),
        ("of one round", right[:1]),
        ("of wrong chunks", [right[0], {**right[1], "chunks": 5}]),
        ("of wrong written", [right[0], {**right[1], "written": 2}]),
        ("of wrong deleted", [right[0], {**right[1], "deleted": 1}]),
    ):
        again = Rounds().start().first().complete().start().upserts(NEW).final()
        cases.refuse(
            f"rounds/trailer {name}",
            "fs.3",
            again.finish(rounds=rounds),
            CHECKSUM,
            do=BOTH,
            level=OPTIONAL,
        )
