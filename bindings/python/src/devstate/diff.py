# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What is different between two states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from . import options
from .errors import SchemaError
from .json_text import redacted
from .reader import Source, Stream
from .schema import Schema
from .schema_loader import SchemaLike
from .table import Cardinality, Field, Message


@dataclass(frozen=True)
class Change:
    """A value that is different. None stands for one that is not there."""

    path: str
    before: Any
    after: Any


def diff(
    old: Source,
    new: Source,
    *,
    key: str | None = None,
    schema: SchemaLike = None,
    redact: bool = True,
) -> list[Change]:
    """Returns the changes from one state to another of the same schema.

    Records are matched by the key that the schema declares, or by `key`, or by their
    order if there is neither. Fields marked volatile are left out.
    """
    with Stream(old, schema=schema) as first, Stream(new, schema=schema) as second:
        before, after = first.load(), second.load()
        if first.schema.fingerprint != second.schema.fingerprint:
            raise SchemaError(
                "the states are of different schemas: convert one of them first"
            )
        comparison = _Comparison(first.schema, key, redact)
        return list(comparison.message(first.schema.root, before, after, ""))


class _Comparison:
    def __init__(self, schema: Schema, key: str | None, redact: bool):
        self._schema = schema
        self._key = key
        self._redact = redact

    def message(
        self, message: Message, before: Any, after: Any, path: str
    ) -> Iterator[Change]:
        for item in message.fields:
            about = self._schema.annotations_of(item)
            if about["volatile"]:
                continue
            place = f"{path}.{item.name}" if path else item.name
            one, other = before.get(item.name), after.get(item.name)
            if _same(one, other):
                continue
            changes = self._field(item, one, other, place)
            if about["sensitive"] and self._redact:
                changes = iter([Change(place, redacted(one), redacted(other))])
            yield from changes

    def _field(
        self, item: Field, before: Any, after: Any, path: str
    ) -> Iterator[Change]:
        if item.is_map:
            yield from self._parts(item, before, after, path)
        elif item.cardinality is Cardinality.REPEATED and item.message is not None:
            keys = self._keys_of(item.message)
            yield from self._parts(
                item, _by_key(before, keys, path), _by_key(after, keys, path), path
            )
        elif item.message is not None and None not in (before, after):
            yield from self.message(item.message, before, after, path)
        else:
            yield Change(path, before, after)

    def _keys_of(self, message: Message) -> list[str]:
        if self._key is not None and self._key in message.by_name:
            return [self._key]
        declared: list[str] = options.of_message(message)["key"]
        return declared

    def _parts(
        self, item: Field, before: dict[Any, Any], after: dict[Any, Any], path: str
    ) -> Iterator[Change]:
        assert item.message is not None
        message: Message | None = item.message
        if item.is_map:
            message = item.message.by_name["value"].message
        for name in [*before, *(name for name in after if name not in before)]:
            one, other = before.get(name), after.get(name)
            if _same(one, other):
                continue
            place = f"{path}[{name}]"
            if message is None or one is None or other is None:
                yield Change(
                    place, self._shown(message, one), self._shown(message, other)
                )
            else:
                yield from self.message(message, one, other, place)

    def _shown(self, message: Message | None, value: Any) -> Any:
        if message is None or value is None or not self._redact:
            return value
        return {
            name: redacted(part)
            if self._schema.annotations_of(message.by_name[name])["sensitive"]
            else part
            for name, part in value.items()
        }


def _by_key(
    rows: Iterable[dict[str, Any]], keys: list[str], path: str
) -> dict[Any, Any]:
    if not keys:
        return dict(enumerate(rows))
    found: dict[Any, Any] = {}
    for row in rows:
        name: Any = tuple(row.get(key) for key in keys)
        name = name[0] if len(name) == 1 else name
        if name in found:
            raise SchemaError(f"{path}: two records have the key {name}")
        found[name] = row
    return found


def _same(one: Any, other: Any) -> bool:
    # repr tells 0.0 from -0.0, and NaN is itself.
    return (bool(one == other) and repr(one) == repr(other)) or repr(one) == repr(other)
