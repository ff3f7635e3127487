# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Which features a state uses, for the header."""

from __future__ import annotations

from typing import Any

from .schema import Schema
from .table import Cardinality, Field, Message


def used_features(
    schema: Schema, root: dict[str, Any], records: dict[int, list[dict[str, Any]]]
) -> set[str]:
    """Returns the names of the features of which the state has a value."""
    found: set[str] = set()
    names: dict[Field, str] = {}

    def visit(message: Message, value: dict[str, Any]) -> None:
        for item in message.fields:
            part = value.get(item.name)
            if part is None:
                continue
            if item not in names:
                names[item] = schema.annotations_of(item)["feature"]
            optional = item.cardinality is Cardinality.OPTIONAL
            if names[item] and (optional or _is_set(part)):
                found.add(names[item])
            if item.message is None:
                continue
            if item.is_map:
                entry = item.message.by_name["value"]
                if entry.message is not None:
                    for element in part.values():
                        visit(entry.message, element)
            elif item.cardinality is Cardinality.REPEATED:
                for element in part:
                    visit(item.message, element)
            else:
                visit(item.message, part)

    visit(schema.root, root)
    for number, rows in records.items():
        if rows:
            visit(schema.root, {schema.root.by_number[number].name: rows})
    return found


def _is_set(value: Any) -> bool:
    # -0.0 is not zero: it has a bit.
    return bool(value) or str(value) == "-0.0"
