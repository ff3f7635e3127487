# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The options (devstate.field), (devstate.message) and (devstate.enum_value)."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message as ProtoMessage

from . import own_schema, wire
from .errors import Fault, SchemaError
from .message import Decoder, encode
from .table import Field, Message


def option_bytes(options: ProtoMessage) -> bytes | None:
    """Returns the annotation in a descriptor's options, serialized, or None.

    An option is an ordinary field of the options, known to protobuf or not.
    """
    data = options.SerializeToString(deterministic=True)
    found = None
    at = 0
    while at < len(data):
        number, wire_type, at = wire.read_tag(data, at, len(data))
        after = wire.skip(data, at, len(data), number, wire_type, 0)
        if number == own_schema.OPTION_NUMBER and wire_type == wire.LENGTH:
            start, stop = wire.read_length(data, at, len(data))
            # Two of them merge, as protobuf has it.
            found = (found or b"") + data[start:stop]
        at = after
    return found


def _decode(type_: Message, options: ProtoMessage, place: str) -> dict[str, Any]:
    try:
        return Decoder(strict=False).decode(type_, option_bytes(options) or b"")
    except Fault as fault:
        raise SchemaError(f"annotations of {place}: {fault.message}") from None


def of_field(item: Field) -> dict[str, Any]:
    """Returns the annotations of a field."""
    return _decode(own_schema.FIELD_ANNOTATIONS, item.proto.options, item.name)


def of_message(message: Message) -> dict[str, Any]:
    """Returns the annotations of a message."""
    return _decode(
        own_schema.MESSAGE_ANNOTATIONS, message.proto.options, message.full_name
    )


def canonical_option(type_: Message, options: ProtoMessage) -> bytes:
    """Returns the annotation as a field of the options; nothing if there is none."""
    if option_bytes(options) is None:
        return b""
    value = encode(type_, _decode(type_, options, type_.full_name))
    return wire.bytes_field(own_schema.OPTION_NUMBER, value)
