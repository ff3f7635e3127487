# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Every portable schema has all that belongs to one."""

from __future__ import annotations

import re
import unittest

from type_table import TREE, read, rules, table, versions

# Its back-end checks the states on a table of its own.
_CHECKED_BY_BACK_END = {"fs"}


class CompleteTest(unittest.TestCase):
    def test_there_are_types(self) -> None:
        self.assertGreaterEqual(len(versions()), 15)

    def test_each_version_is_released_with_all_that_it_imports(self) -> None:
        for name, version in versions().items():
            for number in range(1, version + 1):
                folder = TREE / f"proto/devices/{name}/v1/released/{number}"
                todo = [folder / f"{name}.proto"]
                while todo:
                    path = todo.pop()
                    with self.subTest(path=str(path.relative_to(TREE))):
                        self.assertTrue(path.is_file())
                        imports = re.findall(
                            r'^import "(devices/.*)";$', path.read_text(), re.MULTILINE
                        )
                        todo += [folder / file for file in imports]

    def test_the_schema_in_use_is_the_newest_released(self) -> None:
        for name, version in versions().items():
            with self.subTest(type=name):
                folder = f"proto/devices/{name}/v1"
                self.assertEqual(
                    read(f"{folder}/{name}.proto"),
                    read(f"{folder}/released/{version}/{name}.proto"),
                )

    def test_each_version_has_a_golden_stream(self) -> None:
        for name, version in versions().items():
            for number in range(1, version + 1):
                with self.subTest(type=name, version=number):
                    stream = TREE / f"tests/golden/{name}_v{number}.dstate"
                    self.assertTrue(stream.is_file())

    def test_each_type_has_checks_and_a_test_of_them(self) -> None:
        types = read("devices/all/device_types.cc")
        for name in versions():
            with self.subTest(type=name):
                if name in _CHECKED_BY_BACK_END:
                    continue
                test = read(f"devices/{name}/check_{name}_test.cc")
                self.assertIn(f"devices/{name}/check_{name}.h", types)
                self.assertTrue(rules(name))
                for rule in rules(name):
                    self.assertIn(f'Breaks("{rule}", ', test)

    def test_each_type_is_in_the_table_of_types(self) -> None:
        document = read("docs/devices.md")
        for name, version in versions().items():
            with self.subTest(type=name):
                self.assertIn(
                    f"| {name} | `devices.{name}.v1` version {version} ", document
                )

    def test_the_document_has_what_the_source_has_of_each_type(self) -> None:
        # The whole document would hide what to do.
        self.assertTrue(
            table() in read("docs/devices.md"),
            "run tests/devices/type_table.py --write",
        )

    def test_each_emulated_device_and_format_is_in_the_table(self) -> None:
        for path in sorted((TREE / "foreign/states").glob("*/*.cc")):
            for name in re.findall(
                r'new EmulatedType\{\s*"([^"]+)"', path.read_text(encoding="utf-8")
            ):
                with self.subTest(device=name):
                    self.assertIn(f"QEMU's {name}", table())
            for name in re.findall(
                r'new CrosvmType\{\s*/\*name=\*/"([^"]+)"',
                path.read_text(encoding="utf-8"),
            ):
                with self.subTest(device=name):
                    self.assertIn(f"crosvm's {name}", table())

    def test_released_schemas_are_not_linted_by_buf(self) -> None:
        exceptions = read("buf.yaml")
        for name in versions():
            self.assertIn(f"- proto/devices/{name}/v1/released\n", exceptions)


if __name__ == "__main__":
    unittest.main()
