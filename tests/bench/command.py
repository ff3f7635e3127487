# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the devstate command on large states."""

from __future__ import annotations

import os
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence

# The figure, its unit, and a value of each repetition.
Add = Callable[[str, str, Sequence[float]], None]


class Run:
    """One run of a program, to its end."""

    def __init__(
        self, arguments: Sequence[str | pathlib.Path], codes: set[int]
    ) -> None:
        start = time.monotonic()
        process = subprocess.Popen(
            list(map(str, arguments)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds = time.monotonic() - start
        self.processor = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024
        code = os.waitstatus_to_exitcode(status)
        process.returncode = code
        if code not in codes:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: exit code {code}")


def measure(
    binaries: pathlib.Path, schema: pathlib.Path, records: int, times: int, add: Add
) -> None:
    """Adds how many records a second each verb takes, and the memory it needs."""
    devstate = binaries / "cli/devstate"
    with tempfile.TemporaryDirectory(prefix="devstate-bench-") as folder:
        a, b, json, out = (
            pathlib.Path(folder, name)
            for name in ("a.dstate", "b.dstate", "a.json", "out")
        )
        write_table = binaries / "tests/bench/write_table"
        Run([write_table, "--records", str(records), a], {0})
        Run([write_table, "--records", str(records), "--changed-each", "100", b], {0})
        Run([devstate, "decode", a, "-o", json], {0})
        # The exit code of diff says that they differ.
        verbs: dict[str, tuple[list[str | pathlib.Path], set[int]]] = {
            "verify": (["verify", a], {0}),
            "dump to JSON": (["dump", "--format", "json", a], {0}),
            "dump to text": (["dump", a], {0}),
            "decode to JSON": (["decode", a, "-o", out], {0}),
            "encode of JSON": (["encode", "--schema", schema, json, "-o", out], {0}),
            "check": (["check", a, "--reader", schema], {0}),
            "diff": (["diff", a, b], {1}),
        }
        for name, (arguments, codes) in verbs.items():
            runs = [Run([devstate, *arguments], codes) for _ in range(times)]
            add(
                name,
                "1000 records a second",
                [records / run.seconds / 1000 for run in runs],
            )
            add(name, "MiB at most", [run.peak for run in runs])
