# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""devstate on a bare Debian, by the commands of docs/building.md alone."""

from __future__ import annotations

import pathlib
import re
import shutil

import building
from commands import Failure

# Beneath the folder of the build, for the commands write into the tree.
SOURCE = "devstate"
# What the documented blocks that run here do, in order.
COMMANDS = INSTALL, PACKAGE, INSTALL_PACKAGES = (
    "cmake --install",
    "cpack",
    "apt-get install ./",
)


def check(suite: str, keep: pathlib.Path | None) -> str:
    """Builds, installs and packages devstate, and builds back-ends of others.

    These are built against the installation, and against the packages in a second
    system, which nothing else of devstate was in.
    """
    with building.folder_for(keep, f"{suite}-bare") as folder:
        shutil.copytree(
            building.TREE,
            folder / SOURCE,
            dirs_exist_ok=True,
            symlinks=True,
            ignore=shutil.ignore_patterns(".git", "bazel-*", "b", "target"),
        )
        first = _bare_system(f"{suite}-bare")
        _run(first, folder, documented(INSTALL))
        installed = _run_adopters(first, folder, "/usr/local")
        _run(first, folder, documented(PACKAGE))
        second = _bare_system(f"{suite}-packages")
        _run(second, folder, documented(INSTALL_PACKAGES))
        # A back-end has its compiler from elsewhere.
        _run(second, folder, "apt-get install g++")
        packaged = _run_adopters(second, folder, "/usr")
    return (
        f"{installed} checks of adopters on the installation, "
        f"{packaged} on the packages"
    )


def _bare_system(name: str) -> building.System:
    suite = name.split("-")[0]
    system = building.System(name=name, suites=(suite,), packages=())
    system.make_bare()
    return system


def documented(command: str) -> str:
    """Returns the one block for CMake in docs/building.md that has the command."""
    text = (building.TREE / "docs/building.md").read_text()
    section = text.split("\n## With CMake\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    (block,) = (block for block in blocks if command in block.replace("sudo ", ""))
    # This is root, and a bare system has none.
    return str(block).replace("sudo ", "")


def _run(system: building.System, folder: pathlib.Path, commands: str) -> str:
    script = f"cd /build/{SOURCE}\napt-get -qq update\n{commands}"
    return system.run(folder, ["sh", "-euc", script], DEBIAN_FRONTEND="noninteractive")


def _run_adopters(system: building.System, folder: pathlib.Path, prefix: str) -> int:
    """Returns how many checks passed, which is all that can run there."""
    commands = f"sh tests/adopters/install.sh\ntests/adopters/run --prefix {prefix}"
    output = _run(system, folder, commands)
    passed = re.search(r"^(\d+) passed, 0 failed$", output, re.MULTILINE)
    if passed is None:
        raise Failure(output)
    return int(passed[1])
