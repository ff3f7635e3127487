# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that every public item of the crates has an example in its documentation.

python3 check_examples.py CRATE... has rustdoc describe each crate in JSON. The rule:

- a type, a trait and a function has an example of its own, or says what "has an
  example" for it, or one of the crate's examples uses it by name;
- one of them calls each method, or, of a trait, writes it.

Fields, variants, constants and implementations of traits need none. Generated code has
the example of its crate.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Hidden lines are tests, which nobody reads as an example.
_EXAMPLE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_KINDS = {"enum", "function", "macro", "struct", "trait", "type_alias", "union"}
_GENERATED = "fs.rs"


def examples_in(docs: str | None) -> list[str]:
    """Returns the examples of a documentation, without hidden lines."""
    found = _EXAMPLE.findall(docs or "")
    return [
        "\n".join(line for line in text.splitlines() if not line.startswith("# "))
        for text in found
    ]


def described(crate: str) -> dict[str, Any]:
    """Returns what rustdoc says of a crate."""
    # The JSON is not stable yet, which the stable compiler is told not to mind.
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    rustdoc = ["cargo", "rustdoc", "--quiet", "--lib", "--package", crate]
    flags = ["-Z", "unstable-options", "--output-format", "json"]
    subprocess.run([*rustdoc, "--", *flags], env=environment, check=True)
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--no-deps"],
        stdout=subprocess.PIPE,
        check=True,
    )
    target = Path(json.loads(metadata.stdout)["target_directory"])
    text = (target / "doc" / f"{crate.replace('-', '_')}.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


class Crate:
    """A crate as rustdoc describes it."""

    def __init__(self, name: str):
        self._root = described(name)
        self._index = self._root["index"]
        self._name = name

    def public_items(self) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """Yields the path of each public item, the item, and whether it is a method."""
        root = self._index[str(self._root["root"])]
        yield from self._within(self._name.replace("-", "_"), root)

    def examples(self) -> str:
        """Returns the text of all examples."""
        own = (i for i in self._index.values() if i["crate_id"] == 0)
        return "\n".join(text for item in own for text in examples_in(item["docs"]))

    def _item(self, number: Any) -> dict[str, Any] | None:
        item: dict[str, Any] | None = self._index.get(str(number))
        return item if item is not None and item["crate_id"] == 0 else None

    def _within(
        self, path: str, module: dict[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any], bool]]:
        for number in module["inner"]["module"]["items"]:
            item = self._item(number)
            if item is None:
                continue
            if "use" in item["inner"]:
                used = item["inner"]["use"]
                item = self._item(used["id"])
                if item is None:
                    continue
                if used["is_glob"]:
                    yield from self._within(path, item)
                    continue
            if "module" in item["inner"]:
                yield from self._within(f"{path}::{item['name']}", item)
                continue
            span = item["span"]
            if span is not None and Path(span["filename"]).name == _GENERATED:
                continue
            if next(iter(item["inner"])) in _KINDS:
                here = f"{path}::{item['name']}"
                yield here, item, False
                for method in self._methods(item):
                    yield f"{here}::{method['name']}", method, True

    def _methods(self, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
        kind, inner = next(iter(item["inner"].items()))
        numbers = list(inner["items"]) if kind == "trait" else []
        if kind in ("struct", "enum", "union"):
            for number in inner["impls"]:
                impl = self._item(number)
                if impl is not None and impl["inner"]["impl"]["trait"] is None:
                    numbers += impl["inner"]["impl"]["items"]
        for number in numbers:
            method = self._item(number)
            is_public = method is not None and (
                kind == "trait" or method["visibility"] == "public"
            )
            if method is not None and is_public and "function" in method["inner"]:
                yield method


def without_example(name: str) -> list[str]:
    """Returns the public items of a crate that no example shows."""
    crate = Crate(name)
    examples = crate.examples()
    words = set(re.findall(r"\w+", examples))
    calls = set(re.findall(r"(?:\.|::|\bfn )(\w+)(?:::<[^;]*?>)?[(<]", examples))
    items = list(crate.public_items())
    if not items:
        raise SystemExit(f"{name}: no public item")

    def is_shown(item: dict[str, Any], is_method: bool) -> bool:
        docs = item["docs"] or ""
        refers = re.search(r"\bhas\s+an\s+example", docs) is not None
        used = item["name"] in (calls if is_method else words)
        return bool(examples_in(docs)) or refers or used

    found = {path for path, item, is_method in items if not is_shown(item, is_method)}
    print(f"{name}: {len(items)} public items, {len(found)} without an example")
    return sorted(found)


def main() -> int:
    """Prints what has no example."""
    missing = [path for crate in sys.argv[1:] for path in without_example(crate)]
    for path in missing:
        print(path)
    return int(bool(missing) or len(sys.argv) < 2)


if __name__ == "__main__":
    raise SystemExit(main())
