# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The canonical form of a schema and its fingerprint."""

from __future__ import annotations

import hashlib

from google.protobuf import descriptor_pb2

from . import own_schema
from .options import canonical_option
from .table import Field, Message, Table, messages_of


def canonical_form(table: Table, root: Message) -> bytes:
    """Returns the canonical form of docs/stream_format.md, "Fingerprint"."""
    schema = descriptor_pb2.FileDescriptorProto(name=root.full_name, syntax="proto3")
    messages = {message.full_name: message for message in messages_of(root)}
    for name in sorted(messages, key=str.encode):
        schema.message_type.append(_message(messages[name]))
    enums = {
        item.enum.full_name
        for message in messages.values()
        for item in message.fields
        if item.enum is not None
    }
    for name in sorted(enums, key=str.encode):
        schema.enum_type.append(_enum(name, table.enum_protos[name]))
    return schema.SerializeToString(deterministic=True)


def fingerprint(table: Table, root: Message) -> bytes:
    """Returns the SHA-256 of the canonical form."""
    return hashlib.sha256(canonical_form(table, root)).digest()


def _message(message: Message) -> descriptor_pb2.DescriptorProto:
    canonical = descriptor_pb2.DescriptorProto(name=message.full_name)
    oneofs: list[str] = []
    for item in message.fields:
        if item.oneof is not None and item.oneof not in oneofs:
            oneofs.append(item.oneof)
            canonical.oneof_decl.add(name=item.oneof)
        canonical.field.append(_field(item, oneofs))
    option = canonical_option(own_schema.MESSAGE_ANNOTATIONS, message.proto.options)
    if option:
        canonical.options.MergeFromString(option)
    if message.map_entry:
        canonical.options.map_entry = True
    return canonical


def _field(item: Field, oneofs: list[str]) -> descriptor_pb2.FieldDescriptorProto:
    canonical = descriptor_pb2.FieldDescriptorProto()
    canonical.CopyFrom(item.proto)
    canonical.ClearField("json_name")
    canonical.ClearField("oneof_index")
    canonical.ClearField("options")
    if item.oneof is not None:
        canonical.oneof_index = oneofs.index(item.oneof)
    option = canonical_option(own_schema.FIELD_ANNOTATIONS, item.proto.options)
    if option:
        canonical.options.MergeFromString(option)
    return canonical


def _enum(
    name: str, proto: descriptor_pb2.EnumDescriptorProto
) -> descriptor_pb2.EnumDescriptorProto:
    canonical = descriptor_pb2.EnumDescriptorProto(name=name)
    for value in sorted(proto.value, key=lambda value: (value.number, value.name)):
        made = canonical.value.add(name=value.name, number=value.number)
        option = canonical_option(own_schema.ENUM_VALUE_ANNOTATIONS, value.options)
        if option:
            made.options.MergeFromString(option)
    return canonical
