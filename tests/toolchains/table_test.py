# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""docs/building.md says what the scripts for toolchains and processors do."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import pathlib
import re
import sys
import types
import unittest

sys.path.append("tests/toolchains")

ROW = re.compile(
    r"^\| `(tests/\w+/run (?:--core )?[\w+-]+)` \| (.*) \| (.*) \| (.*) \|$",
    re.MULTILINE,
)
DEBIAN = {"bookworm": "Debian 12", "trixie": "Debian 13"}


def script(path: str) -> types.ModuleType:
    loader = importlib.machinery.SourceFileLoader(f"{path.split('/')[1]}_script", path)
    spec = importlib.util.spec_from_loader(loader.name, loader)
    if spec is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module  # where its dataclasses look
    loader.exec_module(module)
    return module


class TableTest(unittest.TestCase):
    def setUp(self) -> None:
        rows = ROW.findall(pathlib.Path("docs/building.md").read_text())
        self.rows = {command: cells for command, *cells in rows}
        self.assertEqual(len(self.rows), len(rows), "a command stands there twice")

    def rows_of(self, path: str) -> dict[str, list[str]]:
        return {
            command.removeprefix(f"{path} "): cells
            for command, cells in self.rows.items()
            if command.startswith(f"{path} ")
        }

    def test_has_each_toolchain(self) -> None:
        path = "tests/toolchains/run"
        rows = self.rows_of(path)
        toolchains = script(path).TOOLCHAINS
        bare = script(path).BARE
        self.assertEqual(list(rows), [*toolchains, *bare])
        for name, suite in bare.items():
            self.assertIn(f"{DEBIAN[suite]} with nothing else", rows[name][0])
        for name, toolchain in toolchains.items():
            with self.subTest(name):
                compiler, built, ran = rows[name]
                vendor, version = toolchain.compiler.split("-")
                vendor = {"gcc": "GCC", "clang": "Clang"}[vendor]
                self.assertIn(f"{vendor} {version}", compiler)
                self.assertIn(f"C++{toolchain.standard}", compiler)
                suite = toolchain.system.suites[-1]
                self.assertIn(DEBIAN.get(suite, suite), compiler)
                for flag in toolchain.flags.split():
                    self.assertIn(f"`{flag}`", compiler)
                self.assertEqual("the plugin" in built, len(toolchain.targets) == 3)
                self.assertEqual(ran, "nothing")

    def test_the_commands_for_a_bare_debian_are_documented(self) -> None:
        bare = script("tests/toolchains/run").bare
        for command in bare.COMMANDS:
            with self.subTest(command):
                self.assertIn(command, bare.documented(command))

    def test_has_each_processor(self) -> None:
        path = "tests/processors/run"
        rows = self.rows_of(path)
        names = list(script(path).PROCESSORS)
        self.assertEqual(
            list(rows), [words for name in names for words in (name, f"--core {name}")]
        )


if __name__ == "__main__":
    unittest.main()
