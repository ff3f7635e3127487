# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Values of a state in Python's own types."""

from __future__ import annotations

from typing import Any

from . import table as t
from .table import Cardinality, Field


class EnumValue(int):
    """The number of an enum value, with its name if the schema has one."""

    name: str | None

    def __new__(cls, number: int, name: str | None) -> EnumValue:
        """Makes the value `number` called `name`."""
        made = super().__new__(cls, number)
        made.name = name
        return made

    def __repr__(self) -> str:
        return self.name if self.name is not None else str(int(self))


def default_scalar(item: Field) -> Any:
    """Returns the zero of a scalar's type."""
    if item.type == t.STRING:
        return ""
    if item.type == t.BYTES:
        return b""
    if item.type == t.BOOL:
        return False
    if item.type in (t.FLOAT, t.DOUBLE):
        return 0.0
    if item.enum is not None:
        return EnumValue(0, item.enum.names.get(0))
    return 0


def default_message(message: t.Message) -> dict[str, Any]:
    """Returns a message in which nothing is set."""
    return {
        item.name: default_value(item)
        for item in message.fields
        if item.cardinality is not Cardinality.OPTIONAL
    }


def default_value(item: Field) -> Any:
    """Returns what a field is that nobody wrote."""
    if item.is_map:
        return {}
    if item.cardinality is Cardinality.REPEATED:
        return []
    if item.message is not None:
        return default_message(item.message)
    return default_scalar(item)
