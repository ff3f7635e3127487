#!/usr/bin/env python3
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Plants bugs and sees that the replay of a fuzz target finds it.

planted_bugs.py [--jobs N] [NAME ...]

Each bug is planted in a clone of the last commit, alone. It is found if the target,
which passes without it, fails: an input of the corpus or a mutation of one ends it.
The exit code is the number of those not found.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time


class Bug:
    """An exact text of a file, what it becomes, and who is to find that."""

    def __init__(self, name, file, text, bug, target):
        self.name = name
        self.file = file
        self.text = text
        self.bug = bug
        self.target = target

    def planted(self, tree):
        """Returns the file's text with the bug, None if there is no place for it."""
        with open(os.path.join(tree, self.file), encoding="utf-8") as file:
            source = file.read()
        if source.count(self.text) != 1:
            return None
        return source.replace(self.text, self.bug)

    def plant(self, tree):
        planted = self.planted(tree)
        if planted is None:
            sys.exit(f"{self.file} has not once the text that {self.name} replaces")
        with open(os.path.join(tree, self.file), "w", encoding="utf-8") as file:
            file.write(planted)


BUGS = [
    Bug(
        "unchecked length",
        "serializer/bytes_column.cc",
        "  if (sum != data.size()) {",
        "  if (sum < data.size()) {",
        "//serializer:columns_fuzz",
    ),
    Bug(
        "off by one in run lengths",
        "serializer/number_column_decode.cc",
        "if (length > kShort) std::fill_n(out_ + i, length, out_[i]);",
        "if (length > kShort) std::fill_n(out_ + i, length - 1, out_[i]);",
        "//serializer:columns_fuzz",
    ),
    Bug(
        "commit before the trailer",
        "backend/state_transfer.cc",
        "    report.status = Read(*load_);\n",
        "    report.status = Read(*load_);\n"
        "    if (!report.status.ok()) device_->Commit().IgnoreError();\n",
        "//examples/net_backend:net_device_fuzz",
    ),
    Bug(
        "leaked FD",
        "transport/vhost_user/connection.cc",
        "  fds_.clear();\n  partial_.clear();\n  return failure_;",
        "  for (FileDescriptor& fd : fds_) fd.Release();\n  fds_.clear();\n"
        "  partial_.clear();\n  return failure_;",
        "//transport/vhost_user:messages_fuzz",
    ),
    Bug(
        "missing oneof check",
        "serializer/record_columns.cc",
        "    if (AnyRowHasSeveral(oneof, count, [&](size_t member) {",
        "    if (false && AnyRowHasSeveral(oneof, count, [&](size_t member) {",
        "//tests/codegen:dynamic_fuzz",
    ),
    Bug(
        "wrong static verdict",
        "compat/bounds_mapping.cc",
        "                 r.has_max_items(), r.max_items(), /*of_each=*/false);",
        "                 w.has_max_items(), w.max_items(), /*of_each=*/false);",
        "//compat/gate:mapping_fuzz",
    ),
]


def run(tree, target, jobs):
    """Returns whether the replay of a target passes, and what it says."""
    command = ["./bazelw", "test", f"--jobs={jobs}", "--local_test_jobs=1"]
    done = subprocess.run(
        [*command, "--test_output=errors", target],
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # What Bazel says if a test failed, in contrast to a build.
    if done.returncode not in (0, 3):
        sys.exit(f"{target}: no build\n{done.stdout}")
    said = [
        line
        for line in done.stdout.splitlines()
        if line.startswith(("broken promise:", "replay:"))
    ]
    return done.returncode == 0, "; ".join(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("names", nargs="*", help="default: all")
    flags = parser.parse_args()
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    bugs = [bug for bug in BUGS if not flags.names or bug.name in flags.names]
    if not bugs:
        parser.error("the bugs are: " + ", ".join(bug.name for bug in BUGS))
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = os.path.join(folder, "tree")
        subprocess.run(["git", "clone", "--quiet", here, tree], check=True)
        for bug in bugs:
            if not run(tree, bug.target, flags.jobs)[0]:
                sys.exit(f"{bug.target} fails without a bug")
            bug.plant(tree)
            start = time.monotonic()
            passes, said = run(tree, bug.target, flags.jobs)
            seconds = time.monotonic() - start
            subprocess.run(["git", "checkout", "--quiet", "."], cwd=tree, check=True)
            missed += passes
            print(
                f"{'MISSED' if passes else 'found'} {bug.name}: {bug.target}, "
                f"{seconds:.0f} s with its build. {said}",
                flush=True,
            )
        subprocess.run(["./bazelw", "clean", "--expunge"], cwd=tree, check=False)
    return missed


if __name__ == "__main__":
    sys.exit(main())
