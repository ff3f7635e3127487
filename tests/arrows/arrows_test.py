# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0

import os
import tempfile
import unittest

from tests.arrows import arrows

_FIXTURE = "tests/arrows/fixture"


class ArrowsTest(unittest.TestCase):
    def test_rooms_use_only_what_they_may(self):
        rules = arrows.read_rules("tests/arrows/graph.xml")
        found = arrows.forbidden_arrows(rules)
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_data_plane_of_c_needs_no_protobuf(self):
        rules = arrows.read_rules("tests/arrows/graph.xml")

        def protobuf_beneath(root):
            return [
                label
                for label in sorted(arrows.reached_from(rules, root))
                if "protobuf" in label or label.endswith("_cc_proto")
            ]

        plane = "//backend/c:plane"
        self.assertIn("//serializer:columns", arrows.reached_from(rules, plane))
        self.assertEqual(protobuf_beneath(plane), [])
        # The judge does, so that is what would be seen.
        self.assertIn(
            "@com_google_protobuf//:protobuf", protobuf_beneath("//backend/c:judge")
        )

    def test_bzl_files_load_only_what_their_room_may(self):
        tree = os.path.dirname(os.path.realpath("WORKSPACE"))
        self.assertEqual(arrows.forbidden_loads(tree), [])

    def test_forbidden_load_is_found(self):
        with tempfile.TemporaryDirectory() as tree:
            os.mkdir(os.path.join(tree, "codegen"))
            for name, text in {
                "BUILD.bazel": "",
                "rules.bzl": 'load("//tests/fuzz:fuzz.bzl", "fuzz_test")\n'
                'load("//fuzz:fuzz.bzl", "fuzz_test")\n'
                'load("@rules_cc//cc:defs.bzl", "cc_test")\n',
            }.items():
                with open(
                    os.path.join(tree, "codegen", name), "w", encoding="utf-8"
                ) as file:
                    file.write(text)
            self.assertEqual(
                arrows.forbidden_loads(tree),
                [
                    "//codegen:rules.bzl loads //tests/fuzz:fuzz.bzl: "
                    "codegen may not use tests"
                ],
            )

    def test_no_package_is_missing(self):
        tree = os.path.dirname(os.path.realpath("WORKSPACE"))
        packages = arrows.find_packages(tree)
        self.assertIn("serializer", packages, f"{tree} is not the source tree")
        rules = arrows.read_rules("tests/arrows/graph.xml")
        seen = {label[2:].split(":")[0] for label in rules}
        self.assertEqual(
            packages - seen,
            set(),
            "add them to tests/arrows/packages.bzl (a package without a rule "
            "needs no BUILD file)",
        )

    def test_forbidden_arrow_is_found_at_run_time_too(self):
        rules = arrows.read_rules("tests/arrows/fixture.xml")
        self.assertEqual(
            arrows.forbidden_arrows(rules, root=_FIXTURE),
            [
                f"//{_FIXTURE}/serializer:{name} uses "
                f"//{_FIXTURE}/compat:compat: serializer may not use compat"
                for name in ("bad", "runs")
            ],
        )

    def test_allowed_arrow_is_seen(self):
        rules = arrows.read_rules("tests/arrows/fixture.xml")
        found = arrows.forbidden_arrows(
            rules, root=_FIXTURE, allowed={"serializer": ("compat",), "compat": ()}
        )
        self.assertEqual(
            found,
            [
                f"//{_FIXTURE}/compat:uses_serializer uses "
                f"//{_FIXTURE}/serializer:good: compat may not use serializer"
            ],
        )

    def test_single_target_does_not_open_its_room(self):
        rules = arrows.read_rules("tests/arrows/fixture.xml")
        good = f"//{_FIXTURE}/serializer:good"
        allowed = {"serializer": ("compat",), "compat": (good,)}
        self.assertEqual(
            arrows.forbidden_arrows(rules, root=_FIXTURE, allowed=allowed), []
        )
        allowed["compat"] = (f"//{_FIXTURE}/serializer:other",)
        self.assertEqual(
            len(arrows.forbidden_arrows(rules, root=_FIXTURE, allowed=allowed)), 1
        )

    def test_unknown_room_is_found(self):
        rules = arrows.read_rules("tests/arrows/fixture.xml")
        found = arrows.forbidden_arrows(rules, root=_FIXTURE, allowed={"compat": ()})
        self.assertIn(
            f"//{_FIXTURE}/serializer:good: the room serializer is not in arrows.py",
            found,
        )


if __name__ == "__main__":
    unittest.main()
