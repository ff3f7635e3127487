# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Every portable schema has all that belongs to one."""

from __future__ import annotations

import pathlib
import re
import unittest

# Bazel's link to the source tree: a type that nobody lists is found as well.
_TREE = pathlib.Path("WORKSPACE").resolve().parent

# Its back-end checks the states on a table of its own.
_CHECKED_BY_BACK_END = {"fs"}


def _versions() -> dict[str, int]:
    """Returns the version of each type's schema in use."""
    versions = {}
    for path in sorted((_TREE / "proto/devices").glob("*/v1/*.proto")):
        version = re.search(r"^    version: (\d+)$", path.read_text(), re.MULTILINE)
        if version:
            versions[path.stem] = int(version[1])
    return versions


def _read(path: str) -> str:
    return (_TREE / path).read_text(encoding="utf-8")


class CompleteTest(unittest.TestCase):
    def test_there_are_types(self) -> None:
        self.assertGreaterEqual(len(_versions()), 15)

    def test_each_version_is_released_with_all_that_it_imports(self) -> None:
        for name, version in _versions().items():
            for number in range(1, version + 1):
                folder = _TREE / f"proto/devices/{name}/v1/released/{number}"
                todo = [folder / f"{name}.proto"]
                while todo:
                    path = todo.pop()
                    with self.subTest(path=str(path.relative_to(_TREE))):
                        self.assertTrue(path.is_file())
                        imports = re.findall(
                            r'^import "(devices/.*)";$', path.read_text(), re.MULTILINE
                        )
                        todo += [folder / file for file in imports]

    def test_the_schema_in_use_is_the_newest_released(self) -> None:
        for name, version in _versions().items():
            with self.subTest(type=name):
                folder = f"proto/devices/{name}/v1"
                self.assertEqual(
                    _read(f"{folder}/{name}.proto"),
                    _read(f"{folder}/released/{version}/{name}.proto"),
                )

    def test_each_version_has_a_golden_stream(self) -> None:
        for name, version in _versions().items():
            for number in range(1, version + 1):
                with self.subTest(type=name, version=number):
                    stream = _TREE / f"tests/golden/{name}_v{number}.dstate"
                    self.assertTrue(stream.is_file())

    def test_each_type_has_checks_and_a_test_of_them(self) -> None:
        types = _read("devices/all/device_types.cc")
        for name in _versions():
            with self.subTest(type=name):
                if name in _CHECKED_BY_BACK_END:
                    continue
                source = _read(f"devices/{name}/check_{name}.cc")
                test = _read(f"devices/{name}/check_{name}_test.cc")
                self.assertIn(f"devices/{name}/check_{name}.h", types)
                rules = re.findall(r'DeviceRule \w+ = \{\s*"([a-z-]+)"', source)
                self.assertTrue(rules)
                for rule in rules:
                    self.assertIn(f'Breaks("{rule}", ', test)

    def test_each_type_is_in_the_table_of_types(self) -> None:
        table = _read("docs/devices.md")
        for name, version in _versions().items():
            with self.subTest(type=name):
                self.assertIn(f"| {name} | `devices.{name}.v1` version {version} ", table)

    def test_released_schemas_are_not_linted_by_buf(self) -> None:
        exceptions = _read("buf.yaml")
        for name in _versions():
            self.assertIn(f"- proto/devices/{name}/v1/released\n", exceptions)


if __name__ == "__main__":
    unittest.main()
