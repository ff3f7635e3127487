# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
import unittest

from tests.arrows import arrows
from tests.cmake import bazel_sources

_LISTS = "cmake/sources.cmake"
_STATE_TESTS = "cmake/state_tests.cmake"


def _read_lists() -> dict[str, list[str]]:
    with open(_LISTS, encoding="utf-8") as file:
        text = file.read()
    found = re.findall(r"^set\(DEVSTATE_(\w+)\n([^)]*)\)", text, re.MULTILINE)
    return {name: words.split() for name, words in found}


class SourcesTest(unittest.TestCase):
    def setUp(self) -> None:
        rules = arrows.read_rules("tests/arrows/graph.xml")
        rules.update(arrows.read_rules("tests/cmake/third_party.xml"))
        self.graph = bazel_sources.Graph(rules)
        self.wanted = self.graph.lists()
        self.written = _read_lists()

    def test_lists_of_cmake_are_those_of_bazel(self) -> None:
        wrong = []
        for name in sorted(self.wanted.keys() | self.written.keys()):
            wanted = self.wanted.get(name, set())
            written = set(self.written.get(name, []))
            wrong += [f"{name} lacks {path}" for path in sorted(wanted - written)]
            wrong += [f"{name} has {path}" for path in sorted(written - wanted)]
        self.assertEqual(
            wrong, [], f"\n{_LISTS} differs from Bazel:\n" + "\n".join(wrong)
        )

    def test_lists_are_sorted_without_repetition(self) -> None:
        for name, paths in self.written.items():
            self.assertEqual(paths, sorted(set(paths)), f"{_LISTS}: {name}")

    def test_tests_with_codecs_are_those_of_bazel(self) -> None:
        with open(_STATE_TESTS, encoding="utf-8") as file:
            text = file.read()
        found = re.findall(r"^devstate_state_test\((\S+)", text, re.MULTILINE)
        self.assertEqual(found, self.graph.state_tests(), _STATE_TESTS)

    def test_graph_is_the_product(self) -> None:
        self.assertIn("backend/state_handler.cc", self.wanted["LIBRARY_SOURCES"])
        self.assertIn("cli/verbs/migrate.cc", self.wanted["COMMAND_SOURCES"])
        self.assertIn("serializer/limits.h", self.wanted["PUBLIC_HEADERS"])


if __name__ == "__main__":
    unittest.main()
