# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The guide has all targets and planted bugs, and the table of corpora all folders."""

from __future__ import annotations

import pathlib
import re
import sys
import unittest

# Bazel's link to the source tree: a target that nobody lists is found as well.
_TREE = pathlib.Path("WORKSPACE").resolve().parent
sys.path.append(str(_TREE / "fuzz"))

import planted_bugs  # noqa: E402

# Targets for the test of devstate_fuzz_test, not for fuzzing.
_OWN = "fuzz/device"

_TARGET = re.compile(r'fuzz_test\(\n    name = "([^"]+)"')


def _targets() -> set[str]:
    found = set()
    for file in _TREE.glob("[a-z]*/**/BUILD.bazel"):
        package = file.parent.relative_to(_TREE).as_posix()
        if package.startswith("bazel-") or package == _OWN:
            continue
        found |= {f"//{package}:{name}" for name in _TARGET.findall(file.read_text())}
    return found


def _first_cells(path: str) -> set[str]:
    """Returns what stands in the first column of a document's tables."""
    text = (_TREE / path).read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


class GuideTest(unittest.TestCase):
    def test_guide_has_all_targets(self) -> None:
        targets = _targets()
        self.assertIn("//serializer:stream_reader_fuzz", targets)
        self.assertEqual(_first_cells("docs/fuzzing.md"), targets)

    def test_every_corpus_is_described(self) -> None:
        folders = {path.name for path in (_TREE / "fuzz/corpus").iterdir()}
        self.assertEqual(_first_cells("fuzz/README.md"), folders)

    def test_every_bug_can_be_planted_and_is_in_the_guide(self) -> None:
        text = (_TREE / "docs/fuzzing.md").read_text(encoding="utf-8")
        for bug in planted_bugs.BUGS:
            with self.subTest(bug.name):
                self.assertIsNotNone(bug.planted(_TREE))
                self.assertIn(f"| {bug.name} | `{bug.file}` | `{bug.target}` |", text)


if __name__ == "__main__":
    unittest.main()
