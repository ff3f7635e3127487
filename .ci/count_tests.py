#!/usr/bin/env python3
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Counts test targets in Bazel's build events, and what other tests printed.

The last line printed is "N passed, N failed". A target passes only if Bazel
says so of all its shards and runs; one that timed out, did not build or has no
result failed. The exit code is 0 only if something passed and nothing failed.
"""

import argparse
import json
import re
import sys


def read_results(path):
    """Returns a map from each test target to its status, None if it has none."""
    results = {}
    try:
        with open(path, encoding="utf-8") as events:
            for line in events:
                event = json.loads(line)
                kind = event.get("id", {})
                if "targetConfigured" in kind:
                    label = kind["targetConfigured"]["label"]
                    if "testSize" in event.get("configured", {}):
                        results.setdefault(label, None)
                elif "testSummary" in kind:
                    label = kind["testSummary"]["label"]
                    summary = event.get("testSummary", {})
                    results[label] = summary.get("overallStatus")
    except (OSError, ValueError) as error:
        print(f"cannot read the build events: {error}")
    return results


def read_other(path):
    """Returns the counts of the last line of other tests' output."""
    try:
        with open(path, encoding="utf-8", errors="replace") as output:
            lines = output.read().splitlines()
    except OSError as error:
        print(f"cannot read the output of other tests: {error}")
        return 0, 1
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1] if lines else "")
    if counts is None:
        print(f"{path} does not end with counts")
        return 0, 1
    return int(counts[1]), int(counts[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events")
    parser.add_argument("--bazel-exit", type=int, default=0)
    parser.add_argument("--broken-steps", type=int, default=0)
    parser.add_argument("--other", action="append", default=[], metavar="FILE",
                        help="output of other tests, which ends with counts")
    args = parser.parse_args()

    results = read_results(args.events)
    failures = {
        label: status or "NO RESULT"
        for label, status in results.items()
        if status != "PASSED"
    }
    for label, status in sorted(failures.items()):
        print(f"{label}: {status}")
    passed = len(results) - len(failures)
    failed = len(failures) + args.broken_steps
    for path in args.other:
        other_passed, other_failed = read_other(path)
        passed += other_passed
        failed += other_failed
    if args.broken_steps:
        print(f"{args.broken_steps} steps failed besides the tests, see above")
    if args.bazel_exit != 0 and failed == 0:
        print(f"the test command failed with exit code {args.bazel_exit}")
        failed = 1
    if not results:
        print("no test ran")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
