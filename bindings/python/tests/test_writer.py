# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Writing: what comes back, what is refused, what a failure leaves."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path
from typing import Any

import pytest

import devstate
from devstate.table import Cardinality, Field, Message
from devstate.values import EnumValue


def random_scalar(item: Field, chance: random.Random) -> Any:
    if item.enum is not None:
        number = chance.choice(sorted(item.enum.names))
        return EnumValue(number, item.enum.names[number])
    kind = item.type_text
    if kind == "string":
        return "".join(chance.choice("aé€😀") for _ in range(chance.randint(0, 5)))
    if kind == "bytes":
        return chance.randbytes(chance.choice([0, 3, 8, 8, 16]))
    if kind == "bool":
        return chance.random() < 0.5
    if kind == "float":
        value = struct.unpack("<f", struct.pack("<f", chance.uniform(-9, 9)))[0]
        return chance.choice([0.0, value, float("inf")])
    if kind == "double":
        return chance.choice([0.0, chance.uniform(-9, 9), 5e-324, float("-inf")])
    bits = 32 if "32" in kind else 64
    if kind.startswith(("u", "fixed")):
        return chance.choice([0, 1, chance.getrandbits(bits), (1 << bits) - 1])
    low = -(1 << (bits - 1))
    return chance.choice([0, -1, low, chance.getrandbits(bits - 1)])


def random_value(item: Field, chance: random.Random) -> Any:
    if item.message is not None:
        return random_message(item.message, chance)
    return random_scalar(item, chance)


def random_message(message: Message, chance: random.Random) -> dict[str, Any]:
    value: dict[str, Any] = {}
    taken: set[str] = set()
    for item in message.fields:
        if item.cardinality is Cardinality.ONE:
            value[item.name] = random_value(item, chance)
        elif item.is_map:
            assert item.message is not None
            key, entry = item.message.fields
            value[item.name] = {
                random_value(key, chance): random_value(entry, chance)
                for _ in range(chance.randint(0, 3))
            }
        elif item.cardinality is Cardinality.REPEATED:
            count = chance.choice([0, 0, 1, 3])
            value[item.name] = [random_value(item, chance) for _ in range(count)]
        elif item.oneof not in taken and chance.random() < 0.5:
            if item.oneof is not None:
                taken.add(item.oneof)
            value[item.name] = random_value(item, chance)
    return value


@pytest.mark.parametrize("seed", range(40))
def test_random_states_come_back(seed: int, everything: devstate.Schema) -> None:
    chance = random.Random(seed)
    state = random_message(everything.root, chance)
    for item in everything.batches:
        assert item.message is not None
        count = chance.choice([0, 1, 7, 40])
        state[item.name] = [random_message(item.message, chance) for _ in range(count)]
    options = {
        "compression": chance.choice(["raw", "zstd:1", "zstd:9"]),
        "batch_records": chance.choice([1, 5, 2048]),
        "embed_schema": chance.random() < 0.5,
    }
    data = devstate.dumps(state, everything, **options)
    assert devstate.load(data, schema=everything) == state
    assert data == devstate.dumps(state, everything, **options)


def test_batches_end_where_the_document_says(fs: devstate.Schema) -> None:
    rows = [{"id": i + 1, "full_path": "x" * 1000} for i in range(3000)]
    data = devstate.dumps({"inodes": rows}, fs, compression="raw")
    with devstate.open(data) as stream:
        sizes = [batch.columns.rows for batch in stream.batches()]
    # The record size of an inode and the bytes of its path; 768 KiB a batch.
    record = sum(sizes[:1])
    assert sizes == [record] * (3000 // record) + [3000 % record] * bool(3000 % record)
    assert 600 < record < 768


def test_a_failure_leaves_no_trailer(tmp_path: Path, fs: devstate.Schema) -> None:
    file = tmp_path / "state.dstate"
    with (
        pytest.raises(RuntimeError),
        devstate.Writer(file, fs, features=[], compression="raw") as writer,
    ):
        writer.root(next_inode=9)
        writer.write("inodes", [{"id": 1}])
        raise RuntimeError("the device is gone")
    assert devstate.verify(file).reason == "NO_TRAILER"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"inode": []}, "no field 'inode'"),
        ({"inodes": [{"id": 1, "size": 4}]}, "no field 'size'"),
        ({"inodes": [{"id": -1}]}, "does not fit uint64"),
        ({"inodes": [{"id": 0}]}, "inodes.id: row 0 has 0"),
        ({"inodes": [{"id": 1, "lost": {}, "root": {}}]}, "several members"),
        (
            {"inodes": [{"id": 1, "path": {"parent": 1, "name": "x" * 256}}]},
            "255 bytes",
        ),
        ({"next_inode": "9"}, "no integer"),
        ({"inodes": [7]}, "inodes 0: 7 is no dict"),
        ({"inodes": [{"id": 1, "path": "x"}]}, "no dict"),
        ({"handles": [{"id": 1, "locks": 4}]}, "no list"),
        ({"inodes": [{"id": 1, "full_path": "\udcff"}]}, "cannot be UTF-8"),
        ({"inodes": [{"id": 1, "full_path": b"x"}]}, "no str"),
    ],
)
def test_what_no_reader_loads_is_not_written(
    state: dict[str, Any], text: str, fs: devstate.Schema
) -> None:
    target = io.BytesIO()
    with pytest.raises(devstate.SaveError, match=text):
        devstate.dump(state, target, fs)


def test_used_features_are_named(fs: devstate.Schema) -> None:
    lock = {"owner": 1, "kind": "WRITE", "last": 9}
    state = {"handles": [{"id": 1, "inode": 1, "locks": [lock]}]}
    with devstate.open(devstate.dumps(state, fs)) as stream:
        assert stream.header.used_features == ("FUSE_POSIX_LOCKS",)
        assert stream.load()["handles"][0]["locks"][0]["kind"].name == "WRITE"
    with devstate.open(devstate.dumps({"next_inode": 1}, fs)) as stream:
        assert stream.header.used_features == ()


def test_tables_come_in_order_of_their_numbers(fs: devstate.Schema) -> None:
    writer = devstate.Writer(io.BytesIO(), fs)
    writer.write("handles", [{"id": 1, "inode": 1}])
    with pytest.raises(devstate.SaveError, match="ascending order"):
        writer.write("inodes", [{"id": 1}])


def test_pandas_and_arrow_can_be_written(fs: devstate.Schema) -> None:
    pa = pytest.importorskip("pyarrow")
    rows = [{"id": 1, "inode": 1, "flags": 5}, {"id": 2, "inode": 2, "flags": 6}]
    target = io.BytesIO()
    with devstate.Writer(target, fs) as writer:
        writer.write("handles", pa.Table.from_pylist(rows))
    loaded = devstate.load(target.getvalue())["handles"]
    assert [{k: row[k] for k in rows[0]} for row in loaded] == rows
