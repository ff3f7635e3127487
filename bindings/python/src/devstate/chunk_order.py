# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The order in which the chunks of a stream may come, whole or in rounds."""

from __future__ import annotations

import enum
from dataclasses import dataclass

ROOT, BATCH, TRAILER = 1, 2, 3
FIRST_ROUND, DELTA_ROUND, ROUND_COMPLETE, FINAL = 16, 17, 18, 19
UPSERTS, DELETIONS = 20, 21
MARKS = (FIRST_ROUND, DELTA_ROUND, ROUND_COMPLETE, FINAL)
RECORDS = (BATCH, UPSERTS, DELETIONS)
KNOWN = (ROOT, TRAILER, *MARKS, *RECORDS)

_NAMES = {
    ROOT: "root",
    BATCH: "batch",
    TRAILER: "trailer",
    FIRST_ROUND: "first round",
    DELTA_ROUND: "delta round",
    ROUND_COMPLETE: "round complete",
    FINAL: "final",
    UPSERTS: "upserts",
    DELETIONS: "deletions",
}


class _Stage(enum.Enum):
    START = "at the start"
    WHOLE = "in a state without rounds"
    ROOT = "where the root chunk of the round must come"
    FIRST = "in the first round"
    DELTA = "in a delta round"
    COMPLETE = "after the end of a round, where the next round must start"
    FINAL = "after the final mark, where the trailer must come"


# The stages in which a chunk may come, and the stage after it.
_ALLOWED: dict[int, tuple[_Stage, ...]] = {
    ROOT: (_Stage.START, _Stage.ROOT),
    BATCH: (_Stage.WHOLE, _Stage.FIRST),
    TRAILER: (_Stage.WHOLE, _Stage.FINAL),
    FIRST_ROUND: (_Stage.START,),
    DELTA_ROUND: (_Stage.COMPLETE,),
    ROUND_COMPLETE: (_Stage.FIRST, _Stage.DELTA),
    FINAL: (_Stage.FIRST, _Stage.DELTA),
    UPSERTS: (_Stage.DELTA,),
    DELETIONS: (_Stage.DELTA,),
}
# Of an ignorable chunk of another type.
_ANYWHERE = (_Stage.WHOLE, _Stage.FIRST, _Stage.DELTA)


@dataclass
class RoundCounts:
    """What the trailer says of a round."""

    chunks: int = 0
    written: int = 0
    deleted: int = 0


class ChunkOrder:
    """Where a stream is."""

    def __init__(self) -> None:
        self._stage = _Stage.START
        self._last_field = 0
        self.rounds: list[RoundCounts] = []

    def fault(self, kind: int, field: int) -> str | None:
        """Returns why a chunk may not come now; None if it may."""
        if self._stage not in _ALLOWED.get(kind, _ANYWHERE):
            if self._stage in (_Stage.START, _Stage.WHOLE) and kind not in (
                *MARKS,
                UPSERTS,
                DELETIONS,
            ):
                return "the root chunk must be the first one, and only that"
            return f"{_NAMES.get(kind, 'a chunk')} {self._stage.value}"
        if kind in MARKS:
            expected = len(self.rounds) + (kind in (FIRST_ROUND, DELTA_ROUND))
            if field != expected:
                return f"{_NAMES[kind]} has number {field}, expected {expected}"
        elif kind in RECORDS and field < self._last_field:
            return (
                f"{_NAMES[kind]} of field {field} comes after one of field "
                f"{self._last_field}"
            )
        return None

    def add(self, kind: int, field: int, records: int) -> None:
        """Goes on to the next chunk."""
        if kind == ROOT:
            self._stage = (
                _Stage.WHOLE
                if not self.rounds
                else _Stage.FIRST
                if len(self.rounds) == 1
                else _Stage.DELTA
            )
        elif kind in (FIRST_ROUND, DELTA_ROUND):
            self._stage = _Stage.ROOT
            self._last_field = 0
            self.rounds.append(RoundCounts())
        elif kind == ROUND_COMPLETE:
            self._stage = _Stage.COMPLETE
        elif kind == FINAL:
            self._stage = _Stage.FINAL
        elif kind in RECORDS:
            self._last_field = field
        if not self.rounds:
            return
        counts = self.rounds[-1]
        counts.chunks += 1
        if kind == DELETIONS:
            counts.deleted += records
        else:
            counts.written += records
