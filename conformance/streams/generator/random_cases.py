# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Random states in random encodings, for what nobody thought of."""

from __future__ import annotations

import random
from typing import Any

from devstate.batch_encoder import ColumnStyle, encode_batch
from devstate.message import encode
from devstate.number_column import Encoding
from devstate.strings_column import Layout
from devstate.table import Cardinality, Field, Message

from .columns import edges
from .kit import DEVICES, Cases, descriptor_set, schema
from .root_cases import GOOD_TEXTS
from .streams import Builder, header_of, zstd_frame


def random_scalar(item: Field, chance: random.Random) -> Any:
    kind = item.type_text
    if kind == "string":
        return "".join(chance.choice(GOOD_TEXTS) for _ in range(chance.randint(0, 3)))
    if kind == "bytes":
        return bytes(chance.getrandbits(8) for _ in range(chance.choice([0, 3, 8, 8])))
    if chance.random() < 0.5:
        return chance.choice(edges(item)[:3])
    return chance.choice(edges(item))


def random_value(item: Field, chance: random.Random) -> Any:
    if item.message is None:
        return random_scalar(item, chance)
    return random_message(item.message, chance, records=True)


def random_message(
    message: Message, chance: random.Random, records: bool
) -> dict[str, Any]:
    value: dict[str, Any] = {}
    taken: set[str] = set()
    for item in message.fields:
        if (
            not records
            and item.message is not None
            and not item.is_map
            and item.cardinality is Cardinality.REPEATED
        ):
            continue
        if item.cardinality is Cardinality.ONE:
            if chance.random() < 0.7:
                value[item.name] = random_value(item, chance)
        elif item.is_map:
            assert item.message is not None
            key, entry = item.message.fields
            count = chance.choice([0, 0, 1, 2])
            value[item.name] = {
                random_value(key, chance): random_value(entry, chance)
                for _ in range(count)
            }
        elif item.cardinality is Cardinality.REPEATED:
            count = chance.choice([0, 0, 1, 3])
            value[item.name] = [random_value(item, chance) for _ in range(count)]
        elif item.oneof not in taken and chance.random() < 0.4:
            if item.oneof is not None:
                taken.add(item.oneof)
            value[item.name] = random_value(item, chance)
    return value


class RandomStyle(ColumnStyle):
    """Any of the ways to say the same."""

    def __init__(self, chance: random.Random):
        self._chance = chance

    def encoding(self, numbers: Any) -> Encoding:
        """Returns any encoding that can hold the numbers."""
        can = [
            Encoding.PLAIN,
            Encoding.RUN_LENGTH,
            Encoding.BYTE,
            Encoding.DELTA_BYTE,
            Encoding.FIXED,
        ]
        distinct = len(set(numbers.tolist()))
        if distinct <= 256:
            can.append(Encoding.DICTIONARY)
        if distinct == 1:
            can.append(Encoding.CONSTANT)
        steps = {
            (b - a) & (2**64 - 1)
            for a, b in zip(numbers.tolist(), numbers.tolist()[1:], strict=False)
        }
        if len(steps) <= 1:
            can.append(Encoding.SEQUENCE)
        return self._chance.choice(can)

    def layout(self, values: list[bytes]) -> Layout:
        """Returns words where that is possible, now and then."""
        lengths = {len(value) for value in values}
        fits = len(lengths) == 1 and min(lengths) in range(4, 33, 4)
        return (
            Layout.WORDS
            if fits and self._chance.random() < 0.5
            else Layout.CONCATENATED
        )

    def keeps_zeros(self) -> bool:
        """Returns whether a column of zeros is written, which no writer must."""
        return self._chance.random() < 0.3


def add(cases: Cases) -> None:
    for name, count in (
        ("kit", 30),
        ("everything", 50),
        ("fs.3", 20),
        *((f"{device}.1", 10) for device in DEVICES),
        ("net.2", 10),
    ):
        made = schema(name)
        for seed in range(count):
            chance = random.Random(f"{name} {seed}")
            state = random_message(made.root, chance, records=False)
            carries = seed % 10 == 0
            header = header_of(made)
            if carries:
                # As it is: the frame of a compressor depends on its release.
                header = header_of(
                    made, descriptor_set=zstd_frame(descriptor_set(made))
                )
            builder = Builder(made, header).root(encode(made.root, state))
            style = RandomStyle(chance)
            for item in made.batches:
                assert item.message is not None
                rows = [
                    random_message(item.message, chance, records=True)
                    for _ in range(chance.choice([0, 1, 3, 5]))
                ]
                if rows:
                    state[item.name] = rows
                while rows:
                    size = chance.randint(1, len(rows))
                    payload = encode_batch(
                        made, item, rows[:size], style, check_annotations=False
                    )
                    if chance.random() < 0.3:
                        builder.zstd(
                            2,
                            zstd_frame(payload),
                            len(payload),
                            field=item.number,
                            records=size,
                        )
                    else:
                        builder.batch(item.number, size, payload)
                    rows = rows[size:]
            cases.accept(
                f"random/{name} {seed}",
                None if carries else name,
                builder.finish(),
                state,
            )
