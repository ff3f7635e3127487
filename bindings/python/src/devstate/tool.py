# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Verdicts on schemas and streams, by the devstate command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from .errors import ToolError

# Usage and I/O errors are 2.
_JUDGED = (0, 1, 3, 4, 5)


@dataclass(frozen=True)
class Check:
    """A judgement. `report` is the command's JSON.

    `verdicts` has a verdict for each direction that was judged: "upgrade" and
    "downgrade" of two schemas, one of them for a stream.
    """

    verdicts: dict[str, str]
    report: dict[str, Any]

    @property
    def verdict(self) -> str:
        """The verdict on the first direction: the newer schema reads the older's."""
        return next(iter(self.verdicts.values()))


def check(
    writer: str | os.PathLike[str],
    reader: str | os.PathLike[str],
    *,
    include: list[str] | None = None,
    command: str = "devstate",
) -> Check:
    """Judges whether states of one schema may be loaded with another.

    `writer` is a schema or a stream, `reader` a schema. The rules are those of the
    devstate command, which must be installed: ToolError if it is not, or if it cannot
    judge.
    """
    found = shutil.which(command)
    if found is None:
        raise ToolError(
            f"check() asks the {command} command, which is not on PATH: install "
            "devstate, or give its path with command="
        )
    is_schema = os.fspath(writer).endswith((".proto", ".binpb", ".pb", ".desc", ".bin"))
    what = ["--old", os.fspath(writer), "--new", os.fspath(reader)]
    if not is_schema:
        what = [os.fspath(writer), "--reader", os.fspath(reader)]
    imports = [part for folder in include or [] for part in ("-I", folder)]
    done = subprocess.run(
        [found, "check", *what, *imports, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in _JUDGED:
        raise ToolError(f"devstate check: {done.stderr.strip()}")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise ToolError(
            f"devstate check: {done.stderr.strip() or 'it printed no JSON'}"
        ) from None
    verdicts = {row["direction"]: row["verdict"] for row in report["directions"]}
    return Check(verdicts, report)
