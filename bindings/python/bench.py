# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""How fast are states read into columns and into dicts, by CPU time?

python bench.py [--records N] [--proto FOLDER]
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import Any

import devstate

# Batches beyond 768 KiB take a reader with higher limits.
LIMITS = devstate.Limits(
    max_chunk_stored_bytes=64 << 20,
    max_chunk_decoded_bytes=64 << 20,
    max_batch_memory=64 << 20,
)
PROTO = Path(__file__).resolve().parents[2] / "proto"


def inodes(count: int) -> list[dict[str, Any]]:
    """Returns a table of inodes with names, attributes and some file handles."""
    made: list[dict[str, Any]] = [{"id": 1, "refcount": 2, "root": {}}]
    for i in range(2, count + 1):
        inode: dict[str, Any] = {
            "id": i,
            "refcount": 1 + i % 3,
            "path": {
                "parent": 1 + i // 20,
                "name": f"file-{i * 2654435761 % 10**9}.txt",
            },
            "attributes": {
                "mode": 0o40755 if i % 20 == 0 else 0o100644,
                "ino": 131072 + i * 7 % 1000003,
                "ctime_ns": 1_700_000_000_000_000_000 + i * 12_345_678,
            },
        }
        if i % 10 == 0:
            inode["verification_handle"] = {
                "mount_id": 36,
                "type": 1,
                "handle": (i * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "little"),
            }
        made.append(inode)
    return made


def best(run: Any, times: int) -> float:
    """Returns the least CPU time of several runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return min(found)


def read_batches(data: bytes) -> None:
    """Reads every column of every batch, in memory for one of them."""
    with devstate.open(data, limits=LIMITS) as stream:
        for _ in stream.batches():
            pass
        assert stream.complete


def measure(
    state: dict[str, Any],
    schema: devstate.Schema,
    compression: str,
    batch_records: int,
) -> bytes:
    """Prints how fast a state is written this way, and read; returns the stream."""
    start = time.process_time()
    data = devstate.dumps(
        state,
        schema,
        compression=compression,
        batch_records=batch_records,
        batch_bytes=48 << 20,
        limits=LIMITS,
    )
    wrote = time.process_time() - start

    def one_table(columns: list[str] | None = None) -> None:
        with devstate.open(data, limits=LIMITS) as stream:
            stream.columns("inodes", columns)

    millions = len(state["inodes"]) / 1e6
    print(
        f"{compression:<7}{batch_records:>6} a batch, {len(data) / 1e6:5.1f} MB: "
        f"columns {millions / best(lambda: read_batches(data), 3):.2f} M/s, "
        f"as one table {millions / best(one_table, 3):.2f} M/s, "
        f"two columns {millions / best(lambda: one_table(['id', 'refcount']), 3):.2f} "
        f"M/s, written {millions / wrote:.3f} M/s",
        flush=True,
    )
    return data


def main() -> None:
    """Prints a line for each way to write and to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--proto", type=Path, default=PROTO)
    options = parser.parse_args()
    schema = devstate.load_schema(
        options.proto / "devices/fs/v1/fs.proto", include=[options.proto]
    )
    state = {"next_inode": options.records + 1, "inodes": inodes(options.records)}
    for compression in ("raw", "zstd:1"):
        for batch_records in (2048, 16384, 65536):
            data = measure(state, schema, compression, batch_records)
    start = time.process_time()
    devstate.load(data, limits=LIMITS)
    seconds = time.process_time() - start
    print(f"dict for each record: {options.records / seconds / 1e6:5.3f} M/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak} MB")


if __name__ == "__main__":
    main()
