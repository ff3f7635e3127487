# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Random schemas: every type, cardinality and nesting that a state can have."""

from __future__ import annotations

import random

from devstate.message import encode
from devstate.own_schema import MESSAGE_ANNOTATIONS, OPTION_NUMBER
from devstate.wire import LENGTH
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

PACKAGE = "devstate.pairs"
ROOT = f"{PACKAGE}.Root"

_F = FieldDescriptorProto
_NUMBERS = (
    _F.TYPE_DOUBLE,
    _F.TYPE_FLOAT,
    _F.TYPE_INT64,
    _F.TYPE_UINT64,
    _F.TYPE_INT32,
    _F.TYPE_FIXED64,
    _F.TYPE_FIXED32,
    _F.TYPE_BOOL,
    _F.TYPE_UINT32,
    _F.TYPE_SFIXED32,
    _F.TYPE_SFIXED64,
    _F.TYPE_SINT32,
    _F.TYPE_SINT64,
)
_SCALARS = (*_NUMBERS, _F.TYPE_STRING, _F.TYPE_BYTES, _F.TYPE_ENUM)
_KEYS = (
    _F.TYPE_INT64,
    _F.TYPE_UINT64,
    _F.TYPE_INT32,
    _F.TYPE_FIXED64,
    _F.TYPE_FIXED32,
    _F.TYPE_BOOL,
    _F.TYPE_UINT32,
    _F.TYPE_SFIXED32,
    _F.TYPE_SFIXED64,
    _F.TYPE_SINT32,
    _F.TYPE_SINT64,
    _F.TYPE_STRING,
)
# Field numbers with tags of one, two and five bytes.
_FAR_NUMBERS = (16, 2047, 2048, 536870911)
_MAX_DEPTH = 3


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class _Maker:
    def __init__(self, chance: random.Random):
        self._chance = chance
        self._file = FileDescriptorProto(
            name="pairs.proto",
            package=PACKAGE,
            syntax="proto3",
        )
        self._enums: list[str] = []
        self._count = 0

    def make(self) -> bytes:
        for number in range(self._chance.randint(1, 3)):
            self._enum(number)
        root = DescriptorProto(name="Root")
        self._fill(root, 0, self._chance.randint(0, 4))
        for _ in range(self._chance.randint(1, 4)):
            number = self._next_number(root)
            self._add(
                root, number, _F.TYPE_MESSAGE, _F.LABEL_REPEATED, self._message(1)
            )
        annotations = encode(
            MESSAGE_ANNOTATIONS, {"schema": "pairs", "version": 1, "device": "pairs"}
        )
        tag = _varint(OPTION_NUMBER << 3 | LENGTH)
        root.options.MergeFromString(tag + _varint(len(annotations)) + annotations)
        self._file.message_type.append(root)
        return FileDescriptorSet(file=[self._file]).SerializeToString()

    def _enum(self, number: int) -> None:
        name = f"E{number}"
        enum = self._file.enum_type.add(name=name)
        numbers = {0, *(self._chance.choice((-1, 1, 2, 5, 2**31 - 1)) for _ in "abc")}
        # proto3 wants its zero first.
        for value in sorted(numbers, key=lambda value: (value != 0, value)):
            enum.value.add(name=f"{name}_V{value}".replace("-", "M"), number=value)
        self._enums.append(f".{PACKAGE}.{name}")

    def _message(self, depth: int) -> str:
        self._count += 1
        message = DescriptorProto(name=f"M{self._count}")
        self._fill(message, depth, self._chance.randint(0 if depth > 1 else 1, 6))
        self._file.message_type.append(message)
        return f".{PACKAGE}.{message.name}"

    def _next_number(self, message: DescriptorProto) -> int:
        last = max((field.number for field in message.field), default=0)
        far = [number for number in _FAR_NUMBERS[:3] if number > last]
        if far and self._chance.random() < 0.1:
            return self._chance.choice(far)
        return last + self._chance.choice((1, 1, 1, 3))

    def _add(
        self,
        message: DescriptorProto,
        number: int,
        type_: FieldDescriptorProto.Type.ValueType,
        label: FieldDescriptorProto.Label.ValueType,
        of: str = "",
    ) -> FieldDescriptorProto:
        field = message.field.add(
            name=f"f{number}", number=number, type=type_, label=label
        )
        if of:
            field.type_name = of
        elif type_ == _F.TYPE_ENUM:
            field.type_name = self._chance.choice(self._enums)
        return field

    def _fill(self, message: DescriptorProto, depth: int, fields: int) -> None:
        optionals = []
        for _ in range(fields):
            number = self._next_number(message)
            kind = self._chance.random()
            scalar = self._chance.choice(_SCALARS)
            if kind < 0.4:
                self._add(message, number, scalar, _F.LABEL_OPTIONAL)
            elif kind < 0.55:
                optionals.append(self._add(message, number, scalar, _F.LABEL_OPTIONAL))
            elif kind < 0.7:
                self._add(message, number, scalar, _F.LABEL_REPEATED)
            elif kind < 0.8:
                self._map(message, number, depth)
            elif kind < 0.9:
                self._oneof(message, depth)
            elif depth < _MAX_DEPTH:
                label = _F.LABEL_OPTIONAL
                # Repeated messages of the root are its records.
                if depth > 0 and self._chance.random() < 0.5:
                    label = _F.LABEL_REPEATED
                inner = self._message(depth + 1)
                self._add(message, number, _F.TYPE_MESSAGE, label, inner)
        # protobuf wants the oneofs that it makes up after all others.
        for field in optionals:
            field.proto3_optional = True
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")

    def _oneof(self, message: DescriptorProto, depth: int) -> None:
        index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"o{index}")
        for _ in range(self._chance.randint(1, 3)):
            number = self._next_number(message)
            if depth < _MAX_DEPTH and self._chance.random() < 0.2:
                inner = self._message(depth + 1)
                field = self._add(
                    message, number, _F.TYPE_MESSAGE, _F.LABEL_OPTIONAL, inner
                )
            else:
                scalar = self._chance.choice(_SCALARS)
                field = self._add(message, number, scalar, _F.LABEL_OPTIONAL)
            field.oneof_index = index

    def _map(self, message: DescriptorProto, number: int, depth: int) -> None:
        entry = message.nested_type.add(name=f"F{number}Entry")
        entry.options.map_entry = True
        self._add(entry, 1, self._chance.choice(_KEYS), _F.LABEL_OPTIONAL).name = "key"
        if depth < _MAX_DEPTH and self._chance.random() < 0.3:
            inner = self._message(depth + 1)
            value = self._add(entry, 2, _F.TYPE_MESSAGE, _F.LABEL_OPTIONAL, inner)
        else:
            scalar = self._chance.choice(_SCALARS)
            value = self._add(entry, 2, scalar, _F.LABEL_OPTIONAL)
        value.name = "value"
        of = f".{PACKAGE}.{message.name}.{entry.name}"
        self._add(message, number, _F.TYPE_MESSAGE, _F.LABEL_REPEATED, of)


def random_schema(chance: random.Random) -> bytes:
    """Returns a FileDescriptorSet; its root message is ROOT."""
    return _Maker(chance).make()
