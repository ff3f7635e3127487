# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the licenses of all crates that the workspace is built of.

python3 check_licenses.py [TARGET] asks cargo, for the given target. Every crate must
offer a license of the list.
"""

import json
import re
import subprocess
import sys

ALLOWED = {
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}


def allowed(expression: str) -> bool:
    """Returns whether an SPDX expression can be met with the list alone."""
    # Old crates write / for OR. No expression in use has parentheses in parentheses.
    expression = expression.replace("/", " OR ")
    while group := re.search(r"\(([^()]*)\)", expression):
        met = "MIT" if allowed(group[1]) else "none"
        expression = expression[: group.start()] + met + expression[group.end() :]
    return any(
        all(part.strip() in ALLOWED for part in alternative.split(" AND "))
        for alternative in expression.split(" OR ")
    )


def main() -> int:
    """Prints what is wrong and how many crates there are."""
    target = sys.argv[1] if len(sys.argv) > 1 else "x86_64-unknown-linux-gnu"
    command = ["cargo", "metadata", "--format-version=1", f"--filter-platform={target}"]
    found = json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    )
    used = {node["id"] for node in found["resolve"]["nodes"]}
    packages = [package for package in found["packages"] if package["id"] in used]
    wrong = 0
    for package in packages:
        if not allowed(package["license"] or "none"):
            wrong += 1
            print(f"{package['name']} {package['version']}: {package['license']}")
    print(f"{len(packages)} crates, {wrong} with another license")
    return int(wrong > 0 or not packages)


if __name__ == "__main__":
    raise SystemExit(main())
