# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""States as protobuf's JSON, and what is shown of sensitive fields."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np

from . import table as t
from .schema import Schema
from .table import Cardinality, Field, Message

_AS_TEXT = (t.INT64, t.UINT64, t.SINT64, t.FIXED64, t.SFIXED64)


def redacted(value: Any) -> str:
    """Returns what stands for a sensitive value."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return f"<redacted {len(value)} bytes>"
    return "<redacted>"


class JsonMaker:
    """Makes JSON values of messages, as protobuf's mapping has them.

    Names are the schema's own. Fields at their default are left out.
    """

    def __init__(self, schema: Schema, redact: bool):
        self._schema = schema
        self._redact = redact

    def message(self, message: Message, value: dict[str, Any]) -> dict[str, Any]:
        """Returns the JSON object of a message."""
        made: dict[str, Any] = {}
        for item in message.fields:
            part = value.get(item.name)
            if part is None or (
                item.cardinality is not Cardinality.OPTIONAL and _is_default(item, part)
            ):
                continue
            made[item.name] = self._field(item, part)
        return made

    def _field(self, item: Field, value: Any) -> Any:
        if item.is_map:
            assert item.message is not None
            key, entry = item.message.fields
            hidden = self._redact and self._schema.annotations_of(item)["sensitive"]
            return {
                _key_text(key, name): redacted(part)
                if hidden
                else self._one(entry, part)
                for name, part in value.items()
            }
        if item.cardinality is Cardinality.REPEATED:
            return [self._one(item, part) for part in value]
        return self._one(item, value)

    def _one(self, item: Field, value: Any) -> Any:
        if self._redact and self._schema.annotations_of(item)["sensitive"]:
            return redacted(value)
        if item.message is not None:
            return self.message(item.message, value)
        if item.type == t.BYTES:
            return base64.b64encode(value).decode()
        if item.enum is not None:
            return item.enum.names.get(value, value)
        if item.type in _AS_TEXT:
            return str(value)
        if item.type in (t.FLOAT, t.DOUBLE):
            return _real(item, value)
        return value


def _is_default(item: Field, value: Any) -> bool:
    if item.cardinality is Cardinality.REPEATED:
        return not value
    is_minus_zero = isinstance(value, float) and math.copysign(1, value) < 0
    return not value and not is_minus_zero


def _real(item: Field, value: float) -> Any:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    # The shortest text that is this very float.
    return float(str(np.float32(value))) if item.type == t.FLOAT else value


def _key_text(key: Field, value: Any) -> str:
    return str(value).lower() if key.type == t.BOOL else str(value)


def state_json(schema: Schema, state: dict[str, Any], redact: bool) -> str:
    """Returns a state as JSON text."""
    value = JsonMaker(schema, redact).message(schema.root, state)
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
