# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What a record counts for (docs/stream_format.md, "Sizes")."""

from __future__ import annotations

from typing import Any

from . import table as t
from .errors import Fault, LimitExceeded, SaveError
from .table import Cardinality, Field, Message

_NUMBER = 8
_TEXT = 16
_REPEATED = 16
_PRESENCE = 8
_MESSAGE = 8


def value_size(item: Field) -> int:
    """Returns what one value or element of a field counts for, without its bytes."""
    if item.message is not None:
        return message_size(item.message)
    return _TEXT if item.type in (t.STRING, t.BYTES) else _NUMBER


def message_size(message: Message) -> int:
    """Returns the record size: what is the same for all messages of the type."""
    total = _MESSAGE
    for item in message.fields:
        if item.cardinality is Cardinality.REPEATED:
            total += _REPEATED
            continue
        total += value_size(item)
        if item.cardinality is Cardinality.OPTIONAL and item.message is None:
            total += _PRESENCE
    return total


def variable_size(message: Message, record: Any) -> int:
    """Returns what strings and elements of a record count for besides that.

    Raises SaveError for what has not the shape of the message.
    """
    if not isinstance(record, dict):
        raise SaveError(f"{record!r} is no dict, as a {message.full_name} is")
    total = 0
    for item in message.fields:
        value = record.get(item.name)
        if value is None:
            continue
        if item.is_map:
            total += _map_size(item, value)
        elif item.cardinality is Cardinality.REPEATED:
            if not isinstance(value, (list, tuple)):
                raise SaveError(f"{item.name}: {value!r} is no list")
            total += len(value) * value_size(item)
            total += sum(_bytes_of(item, element) for element in value)
        else:
            total += _bytes_of(item, value)
    return total


def _map_size(item: Field, value: Any) -> int:
    assert item.message is not None
    if not isinstance(value, dict):
        raise SaveError(f"{item.name}: {value!r} is no dict")
    key, entry_value = item.message.fields
    total = len(value) * value_size(item)
    for name, element in value.items():
        total += _bytes_of(key, name) + _bytes_of(entry_value, element)
    return total


def _bytes_of(item: Field, value: Any) -> int:
    if item.message is not None:
        return variable_size(item.message, value)
    # Values of other types are refused where they are encoded.
    if item.type == t.BYTES and isinstance(value, (bytes, bytearray)):
        return len(value)
    if item.type == t.STRING and isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="replace"))
    return 0


class Budget:
    """What a batch may still count for."""

    def __init__(self, limit: int):
        self._limit = limit
        self._left = limit

    def charge(self, count: int, size: int) -> None:
        """Charges `count` values of `size` bytes, before memory is taken."""
        if count * size > self._left:
            raise Fault(
                LimitExceeded,
                f"the batch counts for more than max_batch_memory = {self._limit}: "
                "raise the limit if the source of the stream is trusted",
            )
        self._left -= count * size
