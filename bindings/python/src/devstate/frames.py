# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Columns as flat numpy arrays, pyarrow tables and pandas frames."""

from __future__ import annotations

from typing import Any

import numpy as np

from .columns import Column, Columns, Numbers, Occurrences, Strings
from .errors import ToolError
from .rows import lists_of
from .table import Cardinality, Field


def flat_arrays(columns: Columns) -> dict[str, Any]:
    """Returns an array for each path of scalars, and one "path#" of occurrences."""
    found: dict[str, Any] = {}

    def add(path: str, column: Column) -> None:
        if isinstance(column, Occurrences):
            found[path + "#"] = column.counts
            column = column.values
        if isinstance(column, Columns):
            for name, inner in column.fields.items():
                add(f"{path}.{name}", inner)
        elif isinstance(column, Strings):
            texts = np.empty(len(column), object)
            texts[:] = column.tolist()
            found[path] = texts
        else:
            assert isinstance(column, Numbers)
            found[path] = column.values

    for name, column in columns.fields.items():
        add(name, column)
    return found


def arrow_table(columns: Columns) -> Any:
    """Returns a pyarrow.Table: messages are structs, absent values are null."""
    try:
        import pyarrow as pa
    except ImportError:
        raise ToolError("arrow() takes pyarrow: pip install devstate[arrow]") from None
    arrays = {
        name: _arrow(pa, columns.message.by_name[name], column)
        for name, column in columns.fields.items()
    }
    return pa.table(arrays)


def _arrow(pa: Any, item: Field, column: Column) -> Any:
    if isinstance(column, Occurrences):
        return _arrow_occurrences(pa, item, column)
    if isinstance(column, Columns):
        parts = {
            name: _arrow(pa, column.message.by_name[name], inner)
            for name, inner in column.fields.items()
        }
        if not parts:
            return pa.array([{}] * column.rows, pa.struct([]))
        return pa.StructArray.from_arrays(list(parts.values()), list(parts))
    if isinstance(column, Strings):
        type_ = pa.large_string() if column.text else pa.large_binary()
        buffers = [None, pa.py_buffer(column.offsets), pa.py_buffer(column.data)]
        return pa.Array.from_buffers(type_, len(column), buffers)
    assert isinstance(column, Numbers)
    if item.enum is None:
        return pa.array(column.values)
    numbers, indices = np.unique(column.values, return_inverse=True)
    names = [item.enum.names[number] for number in numbers.tolist()]
    return pa.DictionaryArray.from_arrays(
        pa.array(indices.astype(np.int32)), pa.array(names, pa.string())
    )


def _arrow_occurrences(pa: Any, item: Field, column: Occurrences) -> Any:
    values = _arrow(pa, item, column.values)
    if item.cardinality is Cardinality.OPTIONAL:
        places = np.cumsum(column.counts, dtype=np.int64) - 1
        return values.take(pa.array(places, mask=~column.counts))
    offsets = np.zeros(len(column.counts) + 1, np.int64)
    np.cumsum(column.counts, out=offsets[1:])
    if not item.is_map:
        return pa.LargeListArray.from_arrays(pa.array(offsets), values)
    keys, entries = values.flatten()
    return pa.MapArray.from_arrays(pa.array(offsets.astype(np.int32)), keys, entries)


def data_frame(columns: Columns) -> Any:
    """Returns a pandas.DataFrame: a column for each path, lists where it repeats."""
    try:
        import pandas as pd
    except ImportError:
        raise ToolError("pandas() takes pandas: pip install devstate[pandas]") from None
    found: dict[str, Any] = {}
    everywhere = np.ones(columns.rows, np.bool_)

    def add(path: str, item: Field, column: Column, present: Any) -> None:
        if isinstance(column, Occurrences):
            if item.cardinality is Cardinality.REPEATED:
                found[path] = _spread(pd, lists_of(item, column), present)
                return
            there = present.copy()
            there[present] = column.counts
            if isinstance(column.values, Columns):
                found[path + "?"] = there
            present, column = there, column.values
        if isinstance(column, Columns):
            for name, inner in column.fields.items():
                add(f"{path}.{name}", column.message.by_name[name], inner, present)
        elif isinstance(column, Strings):
            found[path] = _spread(pd, column.tolist(), present)
        else:
            assert isinstance(column, Numbers)
            found[path] = _spread(pd, column.values, present)

    for name, column in columns.fields.items():
        add(name, columns.message.by_name[name], column, everywhere)
    return pd.DataFrame(found)


def _spread(pd: Any, values: Any, present: Any) -> Any:
    """Returns a value for each row, nothing where it is absent."""
    if present.all():
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        whole = pd.array(
            [0] * len(present),
            dtype=str(values.dtype).capitalize().replace("Uint", "UInt"),
        )
        whole[present] = values
        whole[~present] = pd.NA
        return whole
    whole = np.empty(len(present), object)
    whole[present] = values
    return whole
