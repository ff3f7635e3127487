# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Streams of the tree: golden ones, and those that readers disagreed on."""

from __future__ import annotations

import devstate

from .kit import CHECK, CONSTRAINT, TREE, Cases


def add(cases: Cases) -> None:
    golden_cases(cases)
    stream_cases(cases)


def golden_cases(cases: Cases) -> None:
    for file in sorted((TREE / "tests" / "golden").glob("*.dstate")):
        name = "fs.1" if file.stem == "fs_small" else None
        cases.accept(f"golden/{file.stem}", name, file.read_bytes())


def stream_cases(cases: Cases) -> None:
    folder = TREE / "tests" / "stream_cases"
    for line in (folder / "cases.txt").read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#") or words[1] == "deep":
            continue
        data = (folder / f"{words[0]}.dstate").read_bytes()
        with devstate.open(data) as opened:
            name = None if opened.header.has_schema else "everything"
        if words[1] == "strict":
            # The annotations of the schema that the stream carries.
            if CONSTRAINT in words[-1]:
                cases.refuse(
                    f"stream cases/{words[0]}, checked",
                    name,
                    data,
                    CONSTRAINT,
                    do=CHECK,
                    level="recommended",
                )
            continue
        level = "recommended" if words[-1] == "LIMIT" else "required"
        if words[2] == "accepted":
            # Some carry a schema that is too deep for a writer of today.
            do = ("verify", "decode")
            cases.accept(f"stream cases/{words[0]}", name, data, do=do, level=level)
        else:
            cases.refuse(
                f"stream cases/{words[0]}",
                name,
                data,
                *words[3].split(","),
                level=level,
            )
