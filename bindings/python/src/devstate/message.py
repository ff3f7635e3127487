# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Ordinary protobuf messages by a table: the root chunk, header and trailer.

A protobuf parser drops or merges some of what the format refuses, so the bytes are
read here. A message is a dict from field name to value. Fields without presence
are always in it; absent ones with presence never are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from . import table as t
from . import wire
from .errors import Fault, SaveError, malformed, unknown
from .table import Cardinality, Field, Message, holds_records
from .values import EnumValue, default_value

_FIXED: dict[int, str] = {
    t.FLOAT: "<f",
    t.DOUBLE: "<d",
    t.FIXED32: "<I",
    t.FIXED64: "<Q",
    t.SFIXED32: "<i",
    t.SFIXED64: "<q",
}


def wire_type_of(type_: int) -> int:
    """Returns the wire type of a field's type."""
    if type_ in _FIXED:
        return wire.FIXED32 if struct.calcsize(_FIXED[type_]) == 4 else wire.FIXED64
    if type_ in (t.STRING, t.BYTES, t.MESSAGE):
        return wire.LENGTH
    return wire.VARINT


@dataclass
class _Seen:
    """What came before in the message at hand."""

    messages: set[int] = field(default_factory=set)
    oneofs: dict[str, Field] = field(default_factory=dict)
    # Singular fields whose last value has no name.
    unnamed: dict[str, int] = field(default_factory=dict)


class Decoder:
    """Decodes messages.

    A strict decoder refuses what docs/stream_format.md refuses in the root chunk.
    Others read as protobuf does: what they do not know is skipped.
    """

    def __init__(self, strict: bool):
        self._strict = strict

    def decode(self, message: Message, data: bytes) -> dict[str, Any]:
        """Returns the message in `data`. Raises a Fault."""
        return self._message(message, data, 0, len(data), 1)

    def _refuse(self, fault: Fault) -> None:
        if self._strict:
            raise fault

    def _message(
        self, message: Message, data: bytes, at: int, end: int, depth: int
    ) -> dict[str, Any]:
        if depth > wire.MAX_DEPTH:
            raise malformed(f"messages nest deeper than {wire.MAX_DEPTH}")
        value = {
            item.name: default_value(item)
            for item in message.fields
            if item.cardinality is not Cardinality.OPTIONAL
            and not (self._strict and depth == 1 and holds_records(item))
        }
        seen = _Seen()
        while at < end:
            number, wire_type, at = wire.read_tag(data, at, end)
            item = message.by_number.get(number)
            own = None if item is None else wire_type_of(item.type)
            packed = (
                item is not None
                and wire_type == wire.LENGTH
                and own != wire.LENGTH
                and item.cardinality is Cardinality.REPEATED
            )
            if item is None or (wire_type != own and not packed):
                after = wire.skip(data, at, end, number, wire_type, depth)
                name = number if item is None else item.name
                self._refuse(
                    unknown(
                        f"{message.full_name} has a field {name} that the schema "
                        "does not have like this: update the reader, or save for "
                        "its schema version"
                    )
                )
                at = after
                continue
            self._check_repeats(item, seen)
            at = self._field(item, packed, value, data, at, end, depth, seen)
        for name, number in seen.unnamed.items():
            self._refuse(_unnamed(message.by_name[name], number))
        if message.map_entry and "value" not in value:
            value["value"] = default_value(message.by_name["value"])
        return value

    def _check_repeats(self, item: Field, seen: _Seen) -> None:
        if item.cardinality is Cardinality.REPEATED:
            return
        if item.message is not None:
            if item.number in seen.messages:
                self._refuse(malformed(f"the message {item.name} occurs twice"))
            seen.messages.add(item.number)
        if item.oneof is not None:
            other = seen.oneofs.setdefault(item.oneof, item)
            if other is not item:
                self._refuse(
                    malformed(f"{other.name} and {item.name} are of one oneof")
                )

    def _field(
        self,
        item: Field,
        packed: bool,
        value: dict[str, Any],
        data: bytes,
        at: int,
        end: int,
        depth: int,
        seen: _Seen,
    ) -> int:
        if packed:
            at, stop = wire.read_length(data, at, end)
            while at < stop:
                element, at = self._scalar(item, data, at, stop, seen)
                value[item.name].append(element)
            return stop
        if item.message is None:
            element, at = self._scalar(item, data, at, end, seen)
        else:
            if self._strict and depth == 1 and holds_records(item):
                raise malformed(f"{item.name}: records outside of a batch")
            at, stop = wire.read_length(data, at, end)
            element = self._message(item.message, data, at, stop, depth + 1)
            at = stop
        if item.is_map:
            if element["key"] in value[item.name]:
                self._refuse(malformed(f"{item.name} has a key twice"))
            value[item.name][element["key"]] = element["value"]
        elif item.cardinality is Cardinality.REPEATED:
            value[item.name].append(element)
        else:
            value[item.name] = element
        return at

    def _scalar(
        self, item: Field, data: bytes, at: int, end: int, seen: _Seen
    ) -> tuple[Any, int]:
        layout = _FIXED.get(item.type)
        if layout is not None:
            size = struct.calcsize(layout)
            if size > end - at:
                raise malformed(f"{item.name} is cut")
            return struct.unpack_from(layout, data, at)[0], at + size
        if item.type in (t.STRING, t.BYTES):
            start, stop = wire.read_length(data, at, end)
            return self._text(item, data[start:stop]), stop
        number, at = wire.read_varint(data, at, end)
        if not _fits(item, number):
            self._refuse(malformed(f"{item.name} has {number}: {item.type_text}"))
        return self._number(item, number, seen), at

    def _text(self, item: Field, value: bytes) -> str | bytes:
        if item.type == t.BYTES:
            return value
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise malformed(f"{item.name} is not valid UTF-8") from None

    def _number(self, item: Field, number: int, seen: _Seen) -> Any:
        if item.type == t.BOOL:
            return number != 0
        if item.type in (t.SINT32, t.SINT64):
            return wire.unzigzag(number)
        if item.type in (t.UINT32, t.UINT64):
            return number
        signed = number - (1 << 64) if number >> 63 else number
        if item.enum is None:
            return signed
        name = item.enum.names.get(signed)
        if name is None and item.cardinality is Cardinality.REPEATED:
            self._refuse(_unnamed(item, signed))
        elif name is None:
            seen.unnamed[item.name] = signed
        else:
            seen.unnamed.pop(item.name, None)
        return EnumValue(signed, name)


def _unnamed(item: Field, number: int) -> Fault:
    return unknown(
        f"{item.name} has the value {number}, which {item.type_text} does not name: "
        "update the reader"
    )


def _fits(item: Field, number: int) -> bool:
    if item.type == t.BOOL:
        return number <= 1
    if item.type in (t.UINT32, t.SINT32):
        return number >> 32 == 0
    if item.type in (t.INT32, t.ENUM):
        return number < 1 << 31 or number >= (1 << 64) - (1 << 31)
    return True


def encode(message: Message, value: dict[str, Any]) -> bytes:
    """Returns `value` serialized in ascending order of field and map key.

    Raises SaveError for what the message cannot hold.
    """
    for name in value:
        if name not in message.by_name:
            raise SaveError(
                f"{message.full_name} has no field {name!r}: correct the name, or "
                "take a newer schema"
            )
    _check_oneofs(message, value)
    out = []
    for item in message.fields:
        if value.get(item.name) is not None:
            out.append(_encode_field(item, value[item.name]))
    return b"".join(out)


def _check_oneofs(message: Message, value: dict[str, Any]) -> None:
    for oneof, members in message.oneofs.items():
        present = [item.name for item in members if value.get(item.name) is not None]
        if len(present) > 1:
            raise SaveError(f"{' and '.join(present)} are of one oneof, {oneof}")


def _encode_field(item: Field, value: Any) -> bytes:
    if item.is_map:
        assert item.message is not None
        key = item.message.by_name["key"]
        entries = {check_scalar(key, name): name for name in value}
        return b"".join(
            wire.bytes_field(
                item.number,
                encode(item.message, {"key": name, "value": value[entries[name]]}),
            )
            for name in sorted(entries)
        )
    if item.cardinality is not Cardinality.REPEATED:
        always = item.cardinality is Cardinality.OPTIONAL
        return _encode_one(item, value, always)
    if item.message is not None or wire_type_of(item.type) == wire.LENGTH:
        return b"".join(_encode_one(item, element, True) for element in value)
    packed = b"".join(_scalar_bytes(item, element) for element in value)
    return wire.bytes_field(item.number, packed) if packed else b""


def _encode_one(item: Field, value: Any, always: bool) -> bytes:
    if item.message is not None:
        return wire.bytes_field(item.number, encode(item.message, value))
    encoded = _scalar_bytes(item, value)
    is_text = wire_type_of(item.type) == wire.LENGTH
    zero = not encoded if is_text else not encoded.strip(b"\0")
    if zero and not always:
        return b""
    if is_text:
        return wire.bytes_field(item.number, encoded)
    return wire.tag(item.number, wire_type_of(item.type)) + encoded


def _scalar_bytes(item: Field, value: Any) -> bytes:
    value = check_scalar(item, value)
    layout = _FIXED.get(item.type)
    if layout is not None:
        return struct.pack(layout, value)
    if item.type == t.STRING:
        return bytes(value.encode())
    if item.type == t.BYTES:
        return bytes(value)
    if item.type in (t.SINT32, t.SINT64):
        return wire.varint(wire.zigzag(value))
    return wire.varint(int(value) & wire.MAX_UINT64)


INTEGER_RANGES: dict[int, tuple[int, int]] = {
    t.INT32: (-(1 << 31), (1 << 31) - 1),
    t.SINT32: (-(1 << 31), (1 << 31) - 1),
    t.SFIXED32: (-(1 << 31), (1 << 31) - 1),
    t.INT64: (-(1 << 63), (1 << 63) - 1),
    t.SINT64: (-(1 << 63), (1 << 63) - 1),
    t.SFIXED64: (-(1 << 63), (1 << 63) - 1),
    t.UINT32: (0, (1 << 32) - 1),
    t.FIXED32: (0, (1 << 32) - 1),
    t.UINT64: (0, (1 << 64) - 1),
    t.FIXED64: (0, (1 << 64) - 1),
    t.BOOL: (0, 1),
}


def check_scalar(item: Field, value: Any) -> Any:
    """Returns a scalar as the field holds it. Raises SaveError if it cannot."""
    place = f"{item.name}: {value!r}"
    if item.type == t.STRING:
        if not isinstance(value, str):
            raise SaveError(f"{place} is no str")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise SaveError(f"{place} cannot be UTF-8") from None
        return value
    if item.type == t.BYTES:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise SaveError(f"{place} is no bytes")
        return bytes(value)
    if item.type == t.FLOAT:
        try:
            return struct.unpack("<f", struct.pack("<f", value))[0]
        except (struct.error, OverflowError):
            raise SaveError(f"{place} does not fit a float") from None
    if item.type == t.DOUBLE:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise SaveError(f"{place} is no float") from None
    if item.enum is not None:
        number = item.enum.numbers.get(value) if isinstance(value, str) else value
        if number not in item.enum.names:
            raise SaveError(f"{place} is no value of {item.enum.full_name}")
        return int(number)
    try:
        number = value.__index__()
    except AttributeError:
        raise SaveError(f"{place} is no integer") from None
    low, high = INTEGER_RANGES[item.type]
    if not low <= number <= high:
        raise SaveError(f"{place} does not fit {item.type_text}")
    return number
