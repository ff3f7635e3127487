# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The table of a schema: messages, fields and enums as codecs want them.

It is read from descriptors alone and knows nothing of annotations, so that the
messages of the format itself (StreamHeader and others) have one, too.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from google.protobuf import descriptor_pb2

from .errors import SchemaError

_Proto = descriptor_pb2.FieldDescriptorProto

DOUBLE: int = _Proto.TYPE_DOUBLE
FLOAT: int = _Proto.TYPE_FLOAT
INT64: int = _Proto.TYPE_INT64
UINT64: int = _Proto.TYPE_UINT64
INT32: int = _Proto.TYPE_INT32
FIXED64: int = _Proto.TYPE_FIXED64
FIXED32: int = _Proto.TYPE_FIXED32
BOOL: int = _Proto.TYPE_BOOL
STRING: int = _Proto.TYPE_STRING
MESSAGE: int = _Proto.TYPE_MESSAGE
BYTES: int = _Proto.TYPE_BYTES
UINT32: int = _Proto.TYPE_UINT32
ENUM: int = _Proto.TYPE_ENUM
SFIXED32: int = _Proto.TYPE_SFIXED32
SFIXED64: int = _Proto.TYPE_SFIXED64
SINT32: int = _Proto.TYPE_SINT32
SINT64: int = _Proto.TYPE_SINT64

TYPE_NAMES: dict[int, str] = {
    number: name[len("TYPE_") :].lower() for name, number in _Proto.Type.items()
}

MAX_DEPTH = 32
# How deep a schema may be that comes with a stream.
MAX_READABLE_DEPTH = 64
MAX_COLUMNS = 16384


class Cardinality(enum.Enum):
    """How often a field occurs in a record."""

    ONE = "always: a proto3 scalar without presence"
    OPTIONAL = "once at most: optional, a message, a member of a oneof"
    REPEATED = "any number of times: repeated fields and maps"


@dataclass(eq=False)
class Enum:
    """An enum; the first name of a number is its name."""

    full_name: str
    names: dict[int, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class Field:
    """A field of a message."""

    number: int
    name: str
    type: int
    cardinality: Cardinality
    proto: descriptor_pb2.FieldDescriptorProto
    # The name of the oneof that it is a member of.
    oneof: str | None = None
    message: Message | None = None
    enum: Enum | None = None

    @property
    def is_map(self) -> bool:
        """Whether the field is a map."""
        return self.message is not None and self.message.map_entry

    @property
    def type_text(self) -> str:
        """The type as in a .proto file."""
        if self.message is not None:
            return self.message.full_name
        if self.enum is not None:
            return self.enum.full_name
        return TYPE_NAMES[self.type]


@dataclass(eq=False)
class Message:
    """A message with its fields in ascending order of number."""

    full_name: str
    proto: descriptor_pb2.DescriptorProto
    map_entry: bool = False
    fields: list[Field] = field(default_factory=list)
    by_number: dict[int, Field] = field(default_factory=dict)
    by_name: dict[str, Field] = field(default_factory=dict)

    @functools.cached_property
    def oneofs(self) -> dict[str, list[Field]]:
        """The members of each oneof, which optional fields are none of."""
        found: dict[str, list[Field]] = {}
        for item in self.fields:
            if item.oneof is not None:
                found.setdefault(item.oneof, []).append(item)
        return found


def holds_records(item: Field) -> bool:
    """Returns whether a field of the root travels in batches."""
    return (
        item.cardinality is Cardinality.REPEATED
        and item.message is not None
        and not item.is_map
    )


class Table:
    """Every message and enum of a set of .proto files."""

    def __init__(self, files: Iterable[descriptor_pb2.FileDescriptorProto]):
        self.messages: dict[str, Message] = {}
        self.enums: dict[str, Enum] = {}
        self.enum_protos: dict[str, descriptor_pb2.EnumDescriptorProto] = {}
        # The messages of files that are not proto3, which no schema may use.
        self._other_syntax: set[str] = set()
        for file in files:
            prefix = f".{file.package}" if file.package else ""
            before = set(self.messages)
            for enumeration in file.enum_type:
                self._add_enum(prefix, enumeration)
            for message in file.message_type:
                self._add_message(prefix, message)
            if file.syntax != "proto3":
                self._other_syntax |= set(self.messages) - before
        for made in self.messages.values():
            self._add_fields(made)

    def message(self, full_name: str) -> Message:
        """Returns a message by its name without a leading dot."""
        found = self.messages.get(full_name)
        if found is None:
            raise SchemaError(f"the schema has no message {full_name}")
        return found

    def _add_enum(self, prefix: str, proto: descriptor_pb2.EnumDescriptorProto) -> None:
        name = f"{prefix}.{proto.name}"[1:]
        self.enums[name] = made = Enum(name)
        self.enum_protos[name] = proto
        for value in proto.value:
            made.names.setdefault(value.number, value.name)
            made.numbers[value.name] = value.number

    def _add_message(self, prefix: str, proto: descriptor_pb2.DescriptorProto) -> None:
        full = f"{prefix}.{proto.name}"
        name = full[1:]
        if name in self.messages:
            raise SchemaError(f"the schema has two messages {name}")
        self.messages[name] = Message(name, proto, proto.options.map_entry)
        for enumeration in proto.enum_type:
            self._add_enum(full, enumeration)
        for nested in proto.nested_type:
            self._add_message(full, nested)

    def _add_fields(self, message: Message) -> None:
        for proto in sorted(message.proto.field, key=lambda item: item.number):
            made = self._field(message, proto)
            if made.number in message.by_number or made.name in message.by_name:
                raise SchemaError(f"{message.full_name}.{made.name} is there twice")
            message.fields.append(made)
            message.by_number[made.number] = made
            message.by_name[made.name] = made

    def _field(
        self, message: Message, proto: descriptor_pb2.FieldDescriptorProto
    ) -> Field:
        place = f"{message.full_name}.{proto.name}"
        if proto.type not in TYPE_NAMES or proto.type == _Proto.TYPE_GROUP:
            raise SchemaError(f"{place} has no type of proto3")
        if not 0 < proto.number < 1 << 29:
            raise SchemaError(f"{place} has the number {proto.number}")
        made = Field(proto.number, proto.name, proto.type, Cardinality.ONE, proto)
        if proto.type == MESSAGE:
            made.message = self.messages.get(proto.type_name[1:])
        if proto.type == ENUM:
            made.enum = self.enums.get(proto.type_name[1:])
        has_type = made.message is not None or made.enum is not None
        if proto.type in (MESSAGE, ENUM) and not has_type:
            raise SchemaError(f"{place}: the schema has no {proto.type_name}")
        in_oneof = proto.HasField("oneof_index")
        if in_oneof and proto.oneof_index >= len(message.proto.oneof_decl):
            raise SchemaError(f"{place} is in a oneof that is not there")
        if proto.label == _Proto.LABEL_REPEATED:
            made.cardinality = Cardinality.REPEATED
        elif in_oneof or proto.type == MESSAGE:
            made.cardinality = Cardinality.OPTIONAL
        # protobuf makes up a oneof for each optional field.
        if in_oneof and not proto.proto3_optional:
            made.oneof = message.proto.oneof_decl[proto.oneof_index].name
        return made

    def check_record(self, record: Message) -> None:
        """Refuses what contains itself, is too deep, too wide or not proto3."""
        columns = 0

        def visit(message: Message, within: tuple[Message, ...]) -> None:
            nonlocal columns
            if message in within:
                raise SchemaError(
                    f"{message.full_name} contains itself: records that refer to "
                    "each other by a key take its place"
                )
            if len(within) >= MAX_READABLE_DEPTH:
                raise SchemaError(
                    f"{record.full_name} nests deeper than {MAX_READABLE_DEPTH} "
                    "messages"
                )
            if message.full_name in self._other_syntax:
                raise SchemaError(f"{message.full_name} is not of proto3")
            columns += len(message.fields)
            if columns > MAX_COLUMNS:
                raise SchemaError(
                    f"{record.full_name} has more than {MAX_COLUMNS} columns"
                )
            for item in message.fields:
                if item.message is not None:
                    visit(item.message, (*within, message))

        visit(record, ())


def messages_of(root: Message) -> Iterator[Message]:
    """Yields `root` and every message that it is made of, each once."""
    seen = {root.full_name}
    waiting = [root]
    while waiting:
        message = waiting.pop()
        yield message
        for item in message.fields:
            if item.message is not None and item.message.full_name not in seen:
                seen.add(item.message.full_name)
                waiting.append(item.message)
