# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What the annotations of a field allow, checked a column at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import table as t
from .columns import Column, Numbers, Occurrences, Strings
from .errors import ConstraintViolation, Fault
from .table import Cardinality, Field

_INTEGERS = (
    t.INT32,
    t.INT64,
    t.UINT32,
    t.UINT64,
    t.SINT32,
    t.SINT64,
    t.FIXED32,
    t.FIXED64,
    t.SFIXED32,
    t.SFIXED64,
)
_REALS = (t.FLOAT, t.DOUBLE)


@dataclass
class Bounds:
    """The annotations of one field, ready to check columns of it."""

    item: Field
    required: bool
    low: int | None
    high: int | None
    one_of: list[int]
    power_of_two: bool
    max_len: int | None
    max_items: int | None
    may_be_unused: bool
    sensitive: bool
    # Records of an older schema version are exempt; 0: none are.
    since: int

    @property
    def about_numbers(self) -> bool:
        """Whether numbers other than zero may be refused."""
        bounded = self.low is not None or self.high is not None
        return bounded or bool(self.one_of) or self.power_of_two

    def check(self, column: Column, schema_version: int) -> None:
        """Raises a Fault of CONSTRAINT for the first value that is not allowed."""
        exempt = schema_version < self.since
        values: Column = column
        if isinstance(column, Occurrences):
            if not exempt:
                self._check_counts(column.counts)
            values = column.values
            # A value that is there is judged, whatever its absence means.
            exempt = False
        if exempt:
            return
        once = self.item.cardinality is Cardinality.ONE
        if isinstance(values, Strings):
            self._check_lengths(values.lengths(), once)
        elif isinstance(values, Numbers):
            self._check_numbers(values.values, once)

    def _check_counts(self, counts: npt.NDArray[Any]) -> None:
        if self.required:
            self._refuse(counts == 0, counts, "at least one value")
        if self.max_items is not None:
            self._refuse(
                counts > self.max_items, counts, f"at most {self.max_items} elements"
            )

    def _check_lengths(self, lengths: npt.NDArray[Any], once: bool) -> None:
        if once and self.required:
            self._refuse(lengths == 0, lengths, "at least 1 byte")
        if self.max_len is not None:
            self._refuse(
                lengths > self.max_len, lengths, f"at most {self.max_len} bytes"
            )

    def _check_numbers(self, values: npt.NDArray[Any], once: bool) -> None:
        is_real = values.dtype.kind == "f"
        zero = values == 0
        if is_real:
            zero &= ~np.signbit(values)
        if once and self.required:
            self._refuse(zero, values, "other than 0")
        if not self.about_numbers:
            return
        judged = ~zero if self.may_be_unused else np.ones(len(values), np.bool_)
        if is_real:
            wide = values.astype(np.float64)
            low = -math.inf if self.low is None else _at_least(self.low)
            high = math.inf if self.high is None else _at_most(self.high)
            within = (wide >= low) & (wide <= high)
            self._refuse(judged & ~within, values, f"{low} to {high}")
            return
        self._check_integers(values, judged)

    def _check_integers(
        self, values: npt.NDArray[Any], judged: npt.NDArray[np.bool_]
    ) -> None:
        info = np.iinfo(values.dtype)
        for bound, is_low in ((self.low, True), (self.high, False)):
            if bound is None:
                continue
            # A bound that the type does not hold lets all values pass, or none.
            if is_low:
                broken = values < bound if bound >= info.min else None
                if bound > info.max:
                    broken = np.ones(len(values), np.bool_)
            else:
                broken = values > bound if bound <= info.max else None
                if bound < info.min:
                    broken = np.ones(len(values), np.bool_)
            if broken is not None:
                word = "at least" if is_low else "at most"
                self._refuse(judged & broken, values, f"{word} {bound}")
        if self.one_of:
            known = [n for n in self.one_of if info.min <= n <= info.max]
            allowed = np.isin(values, np.array(known, values.dtype))
            self._refuse(judged & ~allowed, values, f"one of {self.one_of}")
        if self.power_of_two:
            positive = values > 0
            single = (values & (values - values.dtype.type(1))) == 0
            self._refuse(judged & ~(positive & single), values, "a power of two")

    def _refuse(
        self, broken: npt.NDArray[np.bool_], values: npt.NDArray[Any], allowed: str
    ) -> None:
        if not broken.any():
            return
        row = int(np.flatnonzero(broken)[0])
        found = "a value" if self.sensitive else values[row]
        raise Fault(
            ConstraintViolation,
            f"row {row} has {found}, allowed is {allowed}: correct the writer",
        )


def _at_least(bound: int) -> float:
    """Returns the smallest double that is not below `bound`."""
    value = float(bound)
    return math.nextafter(value, math.inf) if int(value) < bound else value


def _at_most(bound: int) -> float:
    """Returns the largest double that is not above `bound`."""
    value = float(bound)
    return math.nextafter(value, -math.inf) if int(value) > bound else value


def bounds_of(item: Field, annotations: dict[str, Any]) -> Bounds | None:
    """Returns what a field's annotations ask of its columns, if anything."""
    has_feature = bool(annotations["feature"])
    integer = item.type in _INTEGERS
    number = integer or item.type in _REALS
    made = Bounds(
        item,
        required=annotations["required"] and not has_feature,
        low=annotations.get("min") if number else None,
        high=annotations.get("max") if number else None,
        one_of=annotations["one_of"] if integer else [],
        power_of_two=annotations["power_of_two"] and integer,
        max_len=annotations.get("max_len"),
        max_items=annotations.get("max_items"),
        may_be_unused=has_feature and item.cardinality is Cardinality.ONE,
        sensitive=annotations["sensitive"],
        since=annotations["since"] if annotations["absent_default"] else 0,
    )
    limits = made.max_len is not None or made.max_items is not None
    return made if made.required or made.about_numbers or limits else None
