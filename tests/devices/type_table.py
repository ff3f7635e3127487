# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What the source has of each device type: the second table of docs/devices.md.

With --write it puts the table into the document.
"""

from __future__ import annotations

import pathlib
import re
import sys
from collections.abc import Iterator

# Bazel's link to the source tree: a type that nobody lists is found as well.
TREE = pathlib.Path("WORKSPACE").resolve().parent
DOCUMENT = TREE / "docs/devices.md"

_BEGIN = "<!-- Made by tests/devices/type_table.py --write -->\n"
_HEAD = (
    "| type | fields | rules of its own | tests of them | golden streams "
    "| converts from | converts to |\n"
    "|---|---|---|---|---|---|---|\n"
)
# The control queue of a device without a state is no format that is read.
_CONTROL_QUEUE = TREE / "devices/net/control_queue.h"


def read(path: str) -> str:
    """Returns the text of a file of the tree; empty if there is none."""
    file = TREE / path
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def versions() -> dict[str, int]:
    """Returns the version of each type's schema in use."""
    found = {}
    for path in sorted((TREE / "proto/devices").glob("*/v1/*.proto")):
        version = re.search(r"^    version: (\d+)$", path.read_text(), re.MULTILINE)
        if version:
            found[path.stem] = int(version[1])
    return found


def rules(name: str) -> list[str]:
    """Returns the ids of the rules that are a type's own."""
    source = read(f"devices/{name}/check_{name}.cc")
    return re.findall(r'DeviceRule \w+ = \{\s*"([a-z-]+)"', source)


def _fields(name: str) -> int:
    field = r"^ +(?:optional |repeated )?[A-Za-z][\w.]* [a-z]\w* = \d+"
    source = read(f"proto/devices/{name}/v1/{name}.proto")
    return len(re.findall(field, source, re.MULTILINE))


def _tests(name: str) -> int:
    folder = TREE / "devices" / name
    return sum(
        len(re.findall(r"^TEST(?:_F|_P)?\(", file.read_text(), re.MULTILINE))
        for file in folder.glob("*_test.cc")
    )


def _golden(name: str) -> int:
    return len(list((TREE / "tests/golden").glob(f"{name}_*.dstate"))) + len(
        list((TREE / "tests/golden").glob(f"py_{name}_*.dstate"))
    )


def _formats(schema: str) -> Iterator[tuple[str, bool, bool]]:
    """Yields name, whether it is read and whether it is written of each format."""
    for path in sorted((TREE / "foreign/states").glob("*/*.cc")):
        text = path.read_text(encoding="utf-8")
        emulated = re.search(
            r'new EmulatedType\{\s*"([^"]+)",\s*"([^"]+)",[^}]*,\s*(\w+)\}', text
        )
        if emulated and emulated[2] == schema:
            yield f"QEMU's {emulated[1]}", True, emulated[3] != "nullptr"
        crosvm = re.search(
            r'new CrosvmType\{\s*/\*name=\*/"([^"]+)",\s*/\*schema=\*/"([^"]+)"', text
        )
        if crosvm and crosvm[2] == schema:
            yield f"crosvm's {crosvm[1]}", True, False
        format_of = re.search(r"new ForeignFormat\{(.*?)\};", text, re.DOTALL)
        if format_of and f'/*schema=*/"{schema}"' in format_of[1]:
            value = dict(re.findall(r"/\*(\w+)=\*/([^,\n]+)", format_of[1]))
            yield (
                value["name"].strip('"'),
                value["import_state"] != "nullptr",
                value["export_state"] != "nullptr",
            )


def _row(name: str) -> str:
    formats = list(_formats(f"devices.{name}.v1"))
    read_from = [format_name for format_name, is_read, _ in formats if is_read]
    written_to = [format_name for format_name, _, is_written in formats if is_written]
    if name == "net" and _CONTROL_QUEUE.is_file():
        written_to.append("control queue")
    return " | ".join(
        (
            f"| {name}",
            str(_fields(name)),
            str(len(rules(name)) or "-"),
            str(_tests(name) or "-"),
            str(_golden(name)),
            ", ".join(read_from) or "-",
            (", ".join(written_to) or "-") + " |\n",
        )
    )


def table() -> str:
    """Returns the table as the document has it."""
    return _BEGIN + "\n" + _HEAD + "".join(_row(name) for name in versions()) + "\n"


def _main() -> int:
    if sys.argv[1:] != ["--write"]:
        print(table(), end="")
        return 0
    before, _, after = DOCUMENT.read_text(encoding="utf-8").partition(_BEGIN)
    end = re.search(r"\n\n(?!\|)", after)
    if end is None:
        print(f"{DOCUMENT} has no place for the table")
        return 1
    DOCUMENT.write_text(before + table() + after[end.end() :], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
