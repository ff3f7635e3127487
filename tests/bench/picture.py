# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the times of a transfer as bars."""

from __future__ import annotations

import html

WIDTH = 720
LABELS = 230
ROW = 30
TOP = 46
OURS = "#2a6f97"
OTHERS = "#a9b4bc"


def bars(rows: list[dict[str, str]]) -> str:
    """Returns an SVG of how long each way takes next to devstate's raw streams."""
    times = transfer_times(rows)
    longest = max(times.values(), default=1.0)
    height = TOP + ROW * len(times) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="14">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="26" font-size="16">One table of inodes through a pipe, '
        "into the memory of another process: time</text>",
    ]
    for i, (name, ratio) in enumerate(sorted(times.items(), key=lambda t: t[1])):
        y = TOP + ROW * i
        length = max(2.0, (WIDTH - LABELS - 90) * ratio / longest)
        color = OURS if name.startswith("devstate") else OTHERS
        parts.append(
            f'<text x="{LABELS - 8}" y="{y + 16}" text-anchor="end">'
            f"{html.escape(name)}</text>"
            f'<rect x="{LABELS}" y="{y}" width="{length:.0f}" height="22" '
            f'fill="{color}"/>'
            f'<text x="{LABELS + length + 6:.0f}" y="{y + 16}">{ratio:.1f}</text>'
        )
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def transfer_times(rows: list[dict[str, str]]) -> dict[str, float]:
    """Returns the time of each way, that of devstate raw being 1."""
    speedups: dict[str, float] = {}
    times = {"devstate, raw": 1.0}
    for row in rows:
        if row["benchmark"] != "transfer" or row["unit"] != "times the time":
            continue
        first, second = row["figure"].split(" / ")
        if second == "devstate raw":
            times[first] = float(row["median"])
        else:
            speedups[second] = float(row["median"])
    base = speedups.get("(c) devstate raw")
    if base is None:
        return times
    times["virtiofsd's way"] = base
    shown = {
        "(b) one protobuf message": "one protobuf message",
        "(c) devstate zstd 1": "devstate, zstd 1",
        "(e) raw structs, not serialized": "structs, not serialized",
    }
    for name, label in shown.items():
        if name in speedups:
            times[label] = base / speedups[name]
    return times
