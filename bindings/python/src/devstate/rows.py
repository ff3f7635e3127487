# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Records as dicts, made of columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .columns import Column, Columns, Numbers, Occurrences, Strings
from .table import Cardinality, Field
from .values import EnumValue, default_message


def rows_of(columns: Columns) -> list[dict[str, Any]]:
    """Returns each row as a dict.

    Fields without presence, repeated fields and maps are always in it; absent ones
    with presence never are. 64-bit integers are int and bytes are bytes.
    """
    rows: list[dict[str, Any]] = [{} for _ in range(columns.rows)]
    for name, column in columns.fields.items():
        item = columns.message.by_name[name]
        optional = item.cardinality is Cardinality.OPTIONAL
        if isinstance(column, Occurrences) and optional:
            values = iter(_values(item, column.values))
            for row, present in zip(rows, column.counts.tolist(), strict=True):
                if present:
                    row[name] = next(values)
            continue
        if isinstance(column, Occurrences):
            found = lists_of(item, column)
        else:
            found = _values(item, column)
        for row, value in zip(rows, found, strict=True):
            row[name] = value
    return rows


def lists_of(item: Field, column: Occurrences) -> list[Any]:
    """Returns a list for each row of a repeated field, a dict for each of a map."""
    values = iter(_values(item, column.values))
    return [_elements(item, values, count) for count in column.counts.tolist()]


def _values(item: Field, column: Column) -> list[Any]:
    if isinstance(column, Columns):
        return rows_of(column)
    if isinstance(column, Strings):
        return column.tolist()
    assert isinstance(column, Numbers)
    values: list[Any] = column.values.tolist()
    if item.enum is None:
        return values
    names = item.enum.names
    return [EnumValue(value, names.get(value)) for value in values]


def _elements(item: Field, values: Iterator[Any], count: int) -> Any:
    elements = [next(values) for _ in range(count)]
    if not item.is_map:
        return elements
    assert item.message is not None
    entry = item.message.by_name["value"]
    if entry.message is None:
        return {element["key"]: element["value"] for element in elements}
    # A message value that occurs 0 times in an entry is the default.
    return {
        element["key"]: element.get("value") or default_message(entry.message)
        for element in elements
    }
