# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A schema: root message, name, version, fingerprint, and where it came from."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2

from . import options
from .errors import SchemaError
from .fingerprint import canonical_form, fingerprint
from .table import Field, Message, Table, holds_records
from .zstd_frame import compress

# Their content is known to every reader, and no stream carries them.
_BUILT_IN = ("google/protobuf/descriptor.proto", "devstate/options.proto")


class Schema:
    """The root message of a state, with all that it is made of."""

    def __init__(
        self,
        files: Iterable[descriptor_pb2.FileDescriptorProto],
        root: str = "",
        source: str = "given",
    ):
        """Reads the schema whose root is `root`, a full name or the end of one.

        Without a name it is the one message that has a schema name.
        """
        self.files = [file for file in files if file.name not in _BUILT_IN]
        self.source = source
        self.table = Table(self.files)
        self.root = self._find_root(root)
        about = options.of_message(self.root)
        self.name: str = about["schema"]
        self.version: int = about["version"]
        self.min_reader: int = about["min_reader"]
        self.device: str = about["device"]
        self.batches = [item for item in self.root.fields if holds_records(item)]
        for item in self.root.fields:
            if item.message is not None:
                self.table.check_record(item.message)
        self._annotations: dict[Field, dict[str, Any]] = {}

    @functools.cached_property
    def fingerprint(self) -> bytes:
        """The SHA-256 of the canonical form."""
        return fingerprint(self.table, self.root)

    @functools.cached_property
    def canonical_form(self) -> bytes:
        """The bytes that the fingerprint is made of."""
        return canonical_form(self.table, self.root)

    def annotations_of(self, item: Field) -> dict[str, Any]:
        """Returns what (devstate.field) says of a field."""
        found = self._annotations.get(item)
        if found is None:
            found = self._annotations[item] = options.of_field(item)
        return found

    def batch_field(self, name: str) -> Field:
        """Returns the field of the root called `name`, which holds records."""
        item = self.root.by_name.get(name)
        if item is None or not holds_records(item):
            there = ", ".join(batch.name for batch in self.batches)
            raise SchemaError(
                f"{self.root.full_name} has no records {name!r}; it has {there}"
            )
        return item

    def embedded(self) -> bytes:
        """Returns the schema as a header carries it: descriptors in a zstd frame."""
        found = descriptor_pb2.FileDescriptorSet()
        for file in self.files:
            copy = found.file.add()
            copy.CopyFrom(file)
            copy.ClearField("source_code_info")
            for message in copy.message_type:
                _clear_json_names(message)
        return compress(found.SerializeToString(deterministic=True), 19)

    def _find_root(self, root: str) -> Message:
        if not root:
            found = [
                message
                for message in self.table.messages.values()
                if options.of_message(message)["schema"]
            ]
        else:
            found = [
                message
                for name, message in self.table.messages.items()
                if name == root or name.endswith("." + root)
            ]
        if len(found) == 1:
            return found[0]
        names = ", ".join(message.full_name for message in found)
        raise SchemaError(
            f"{root or 'a message with a schema name'}: the schema has "
            f"{names or 'none'}; name the root message with root="
        )


def _clear_json_names(message: descriptor_pb2.DescriptorProto) -> None:
    for item in message.field:
        item.ClearField("json_name")
    for nested in message.nested_type:
        _clear_json_names(nested)
