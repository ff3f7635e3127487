# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Reading whole streams, damaged ones and parts of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

import devstate


def golden(tree: Path, name: str) -> bytes:
    return (tree / "tests" / "golden" / f"{name}.dstate").read_bytes()


def test_header_is_read_without_a_schema(tree: Path) -> None:
    with devstate.open(golden(tree, "fs_small")) as stream:
        header = stream.header
    assert header.device == "virtio-fs"
    assert (header.schema, header.version) == ("devices.fs.v1", 1)
    assert header.writer == "devstate-golden"
    assert not header.has_schema
    assert header.fingerprint.hex().startswith("d83e82d002c8")


def test_stream_without_a_schema_names_what_it_takes(tree: Path) -> None:
    with pytest.raises(devstate.SchemaError, match="name its schema"):
        devstate.load(golden(tree, "fs_small"))


def test_small_stream_has_the_values_of_the_document(tree: Path) -> None:
    schema = devstate.load_schema(
        tree / "proto/devices/fs/v1/released/1/fs.proto",
        include=[tree / "proto/devices/fs/v1/released/1", tree / "proto"],
    )
    state = devstate.load(golden(tree, "fs_small"), schema=schema)
    assert state["next_inode"] == 9
    assert state["session"]["writeback_cache"] is True
    assert len(state["inodes"]) == 8
    assert [inode["id"] for inode in state["inodes"]] == list(range(1, 9))
    names = [inode["path"]["name"] for inode in state["inodes"] if "path" in inode]
    assert names == ["etc", "hosts", "motd", "passwd", "srv", "café"]
    last = state["inodes"][7]
    assert last["lost"] == {} and "path" not in last
    assert last["verification_handle"]["handle"] == b"\x01\x02\x00\xff"
    assert state["handles"] == [
        {"id": 1, "inode": 3, "flags": 32770},
        {"id": 2, "inode": 8, "flags": 32768},
    ]


def test_schema_of_another_root_is_refused(tree: Path, net: devstate.Schema) -> None:
    with pytest.raises(devstate.SchemaError, match=r"devices\.fs\.v1\.FsState"):
        devstate.load(golden(tree, "fs_v3"), schema=net)


def test_every_cut_is_refused_and_none_looks_complete(tree: Path) -> None:
    data = golden(tree, "fs_v1")
    for size in range(len(data)):
        with pytest.raises(devstate.NoTrailer):
            devstate.load(data[:size])
        assert not devstate.verify(data[:size])


def test_every_flipped_bit_is_refused(tree: Path) -> None:
    data = golden(tree, "fs_v1")
    for bit in range(len(data) * 8):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        found = devstate.verify(bytes(damaged))
        assert found.reason in {
            "NOT_A_STREAM",
            "CHECKSUM",
            "NO_TRAILER",
        }, (bit, found)


def test_bytes_after_the_trailer_are_refused_with_their_offset(tree: Path) -> None:
    data = golden(tree, "fs_v1")
    with pytest.raises(devstate.TrailingBytes) as caught:
        devstate.load(data + b"x")
    assert caught.value.offset == len(data)
    assert caught.value.reason == "TRAILING_BYTES"


def test_a_failure_names_offset_and_chunk(tree: Path) -> None:
    data = bytearray(golden(tree, "fs_small"))
    data[0xE3] ^= 1  # the first byte of the columns of the inodes
    found = devstate.verify(bytes(data))
    assert (found.reason, found.offset, found.chunk) == ("CHECKSUM", 0xBB, 1)


def test_reading_takes_a_file_that_gives_a_few_bytes_at_a_time(tree: Path) -> None:
    class Slow(io.RawIOBase):
        def __init__(self, data: bytes):
            self._file = io.BytesIO(data)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self._file.read(min(size, 3))

    data = golden(tree, "fs_v3")
    assert devstate.load(Slow(data)) == devstate.load(data)  # type: ignore[arg-type]


def test_batches_say_whether_the_stream_is_complete(tree: Path) -> None:
    with devstate.open(golden(tree, "py_fs_raw")) as stream:
        for batch in stream.batches("inodes"):
            assert not stream.complete
            assert batch.table == "inodes"
        assert stream.complete


def test_columns_are_arrays_of_the_fields_types(tree: Path) -> None:
    with devstate.open(golden(tree, "py_fs_raw")) as stream:
        table = stream.columns("inodes")
    assert table["id"].dtype == np.uint64
    assert table["attributes.ctime_ns"].dtype == np.int64
    assert table["path"].counts.dtype == np.bool_
    state = devstate.load(golden(tree, "py_fs_raw"))
    names = [inode["path"]["name"] for inode in state["inodes"] if "path" in inode]
    assert table["path.name"].tolist() == names


def test_columns_can_be_picked(tree: Path) -> None:
    with devstate.open(golden(tree, "py_fs_raw")) as stream:
        table = stream.columns("inodes", ["id", "path.name"])
    assert list(table.fields) == ["id", "path"]
    assert "path.name" in table and "path.parent" not in table
    with (
        devstate.open(golden(tree, "py_fs_raw")) as stream,
        pytest.raises(KeyError, match="no column 'size'"),
    ):
        stream.columns("inodes", ["size"])


def test_columns_are_picked_of_one_table(tree: Path) -> None:
    with (
        devstate.open(golden(tree, "fs_v3")) as stream,
        pytest.raises(devstate.SchemaError, match="name it"),
    ):
        list(stream.batches(columns=["id"]))


def test_an_absent_table_has_columns_without_rows(tree: Path) -> None:
    with devstate.open(golden(tree, "fs_v3")) as stream:
        table = stream.columns("alt" if "alt" in stream.tables else "mount_paths")
    assert table.rows == 0


def test_limits_are_checked(tree: Path) -> None:
    limits = devstate.Limits(max_chunk_records=100)
    with pytest.raises(devstate.LimitExceeded, match="max_chunk_records = 100"):
        devstate.load(golden(tree, "py_fs_raw"), limits=limits)


def test_arrow_and_pandas_have_the_same_values(tree: Path) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas")
    data = golden(tree, "fs_v3_locks")
    state = devstate.load(data)
    with devstate.open(data) as stream:
        arrow = stream.arrow("handles").to_pylist()
    assert [row["id"] for row in arrow] == [row["id"] for row in state["handles"]]
    assert [row["locks"] for row in arrow] == [
        [{**lock, "kind": lock["kind"].name} for lock in row["locks"]]
        for row in state["handles"]
    ]
    with devstate.open(data) as stream:
        frame = stream.pandas("inodes")
    assert frame["id"].tolist() == [row["id"] for row in state["inodes"]]
    names = [row["path"]["name"] for row in state["inodes"] if "path" in row]
    assert frame["path.name"].dropna().tolist() == names
    assert frame["path?"].tolist() == ["path" in row for row in state["inodes"]]


def test_sizes_tell_where_the_bytes_are(tree: Path) -> None:
    with devstate.open(golden(tree, "py_fs_raw")) as stream:
        table = stream.columns("inodes")
    sizes = table.sizes()
    assert sizes["id"] == 8 * table.rows
    assert sizes["path"] == table.rows
    assert sizes["path.name"] > sizes["path.parent"] > 0
