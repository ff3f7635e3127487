# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Builds of devstate in folders with other Debian systems.

Such a folder has a suite's packages unpacked, none of them configured: that
takes a fifth of the time, and compilers need no more. One that is bare is
configured, for there apt-get has to work.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

sys.dont_write_bytecode = True
TREE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(TREE / "tests/adopters"))

from commands import Failure, run  # noqa: E402

FOLDER = pathlib.Path("/opt/devstate/chroots")
# What makes a system and runs commands in it.
SYSTEM_TOOLS = ("mmdebstrap", "unshare")

# What devstate needs: for the processor of this machine, and for any.
TOOLS = ("cmake", "ninja-build", "pkgconf", "protobuf-compiler")
LIBRARIES = (
    "libabsl-dev",
    "libgmock-dev",
    "libgtest-dev",
    "libmd-dev",
    "libprotobuf-dev",
    "libprotoc-dev",
    "libxxhash-dev",
    "libzstd-dev",
    "zlib1g-dev",
)
HEADERS = ("libcli11-dev", "nlohmann-json3-dev")


@dataclasses.dataclass(frozen=True)
class System:
    """A Debian system in a folder."""

    name: str
    suites: tuple[str, ...]
    packages: tuple[str, ...]
    # Debian's names of processors other than this machine's.
    architectures: tuple[str, ...] = ()

    @property
    def root(self) -> pathlib.Path:
        return FOLDER / self.name

    def make(self) -> None:
        """Makes the folder, unless it is there with the same packages."""
        stamp = self.root / "devstate-system"
        if stamp.is_file() and stamp.read_text() == repr(self):
            return
        self._unpack(
            [
                "--variant=extract",
                f"--architectures={','.join((_own(), *self.architectures))}",
                f"--include=?essential?architecture({_own()})",
                f"--include={','.join(self.packages)}",
            ]
        )
        stamp.write_text(repr(self))

    def make_bare(self) -> None:
        """Makes the folder anew, with what every Debian has and nothing else.

        In it apt-get installs, without questions, what it is told to and what that
        depends on.
        """
        self._unpack(
            [
                "--variant=minbase",
                '--aptopt=APT::Get::Assume-Yes "true"',
                '--aptopt=APT::Install-Recommends "false"',
            ]
        )

    def _unpack(self, options: list[str]) -> None:
        sources = "".join(f"deb {_source(suite)}\n" for suite in self.suites)
        shutil.rmtree(self.root, ignore_errors=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        run(
            [
                # What it mounts goes with it, also when it is stopped.
                *("unshare", "--mount", "mmdebstrap", *options),
                "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
                # A mirror may be a snapshot.
                '--aptopt=Acquire::Check-Valid-Until "false"',
                *(self.suites[0], str(self.root), "-"),
            ],
            stdin=sources,
        )
        for folder in ("build", "dev", "proc", "source"):
            (self.root / folder).mkdir(exist_ok=True)

    def run(self, build: pathlib.Path, command: list[str], **env: str) -> str:
        """Returns the output of a command that sees this tree and `build`."""
        mounts = "".join(
            f"mount --rbind {place} {self.root}/{name} && "
            for name, place in (
                ("build", build),
                ("dev", "/dev"),
                ("proc", "/proc"),
                ("source", TREE),
            )
        )
        inside = f'{mounts} exec chroot {self.root} "$@"'
        return run(
            [
                *("nice", "-n", "10", "unshare", "--mount"),
                *("sh", "-c", inside, "sh", *command),
            ],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"} | env,
        )


@dataclasses.dataclass(frozen=True)
class Build:
    """How devstate is built in a system."""

    system: System
    compiler: tuple[str, str]
    standard: int = 17
    # What libraries define for those who use them.
    defines: tuple[str, ...] = ()
    flags: str = "-O0"
    options: tuple[str, ...] = ()
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    # Whether heavy headers are compiled once. A source that does not include what
    # it uses compiles all the same.
    precompiled: bool = False
    # Whether sources are only checked, and nothing is made of them.
    syntax_only: bool = False

    def configure(self, build: pathlib.Path) -> None:
        c, cpp = self.compiler
        # Not among the flags: CMake tries these with another standard, and whether
        # they make a program.
        added = []
        if self.syntax_only:
            # CMake says as well what file to make.
            added += ["-fsyntax-only", "-Wno-unused-command-line-argument"]
        if self.precompiled:
            added += ["-fPIC", "SHELL:-include /build/precompiled.h"]
            self.precompile(build)
        options = build / "options.cmake"
        options.write_text(
            "".join(
                f'add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:{option}>")\n'
                for option in added
            )
        )
        self.system.run(
            build,
            [
                *("cmake", "-G", "Ninja", "-S", "/source", "-B", "/build"),
                *(f"-DCMAKE_C_COMPILER={c}", f"-DCMAKE_CXX_COMPILER={cpp}"),
                "-DCMAKE_BUILD_TYPE=None",
                "-DCMAKE_PROJECT_INCLUDE=/build/options.cmake",
                f"-DCMAKE_CXX_FLAGS={self.flags}",
                f"-DCMAKE_POSITION_INDEPENDENT_CODE={self.precompiled}",
                f"-DCMAKE_CXX_STANDARD={self.standard}",
                "-DDEVSTATE_BUILD_TESTS=ON",
                *self.options,
            ],
            **self.env,
        )

    def precompile(self, build: pathlib.Path) -> None:
        clang = "clang" in self.compiler[1]
        suffix = "pch" if clang else "gch"
        header = build / "precompiled.h"
        result = build / f"precompiled.h.{suffix}"
        command = [
            *(self.compiler[1], f"-std=c++{self.standard}", *self.flags.split()),
            # As the sources that take the most are compiled.
            *("-fPIC", *self.defines, "-x", "c++-header"),
            # Halves what each source takes afterwards.
            *(("-fpch-instantiate-templates",) if clang else ()),
            *("/build/precompiled.h", "-o", f"/build/{result.name}"),
        ]
        text = (TREE / "tests/toolchains/precompiled.h").read_text()
        # What was made by another command does not serve.
        text = f"// {' '.join(command)}\n{text}"
        if result.exists() and header.read_text() == text:
            return
        header.write_text(text)
        self.system.run(build, command)

    def compile(self, build: pathlib.Path, targets: list[str], jobs: int) -> None:
        ninja = ["ninja", "-C", "/build", "-j", str(jobs)]
        self.system.run(build, [*ninja, *targets], **self.env)

    def objects(self, build: pathlib.Path, targets: tuple[str, ...]) -> list[str]:
        """Returns what the sources of targets of a configured build are compiled to."""
        listing = ["ninja", "-C", "/build", "-t", "targets", "all"]
        output = self.system.run(build, listing)
        folders = "|".join(re.escape(target) for target in targets)
        return re.findall(
            rf"^(CMakeFiles/(?:{folders})[.]dir/\S+[.]o): ", output, re.MULTILINE
        )

    def tests(self, build: pathlib.Path, pattern: str) -> list[str]:
        """Returns the tests of a configured build, whose targets have their names."""
        listing = ["ctest", "--test-dir", "/build", "-N", "--tests-regex", pattern]
        output = self.system.run(build, listing, **self.env)
        return re.findall(r"^ *Test +#\d+: (\S+)$", output, re.MULTILINE)

    def test(self, build: pathlib.Path, pattern: str, jobs: int) -> int:
        """Returns how many tests passed, which is all of them."""
        output = self.system.run(
            build,
            [
                *("ctest", "--test-dir", "/build", "-j", str(jobs)),
                *("--timeout", "900", "--no-tests=error"),
                *("--output-on-failure", "--tests-regex", pattern),
            ],
            **self.env,
        )
        passed = re.search(r"tests passed, 0 tests failed out of (\d+)", output)
        if passed is None:
            raise Failure(f"ctest did not say that all passed\n{output}")
        return int(passed[1])


@contextlib.contextmanager
def folder_for(keep: pathlib.Path | None, name: str) -> Iterator[pathlib.Path]:
    """Gives a folder for a build: one that stays, or one that is removed."""
    if keep is not None:
        (keep / name).mkdir(parents=True, exist_ok=True)
        yield keep / name
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield pathlib.Path(scratch)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of every script that builds: `keep` and `jobs`."""
    parser.add_argument(
        "--keep", type=pathlib.Path, metavar="FOLDER", help="where builds stay"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        default=os.cpu_count() or 1,
        help="how many compilers and tests run at a time; default: one a core",
    )


def run_all(
    checks: dict[str, Callable[[], str]], tools: tuple[str, ...], *, as_root: bool
) -> int:
    """Runs checks, which return what they did, prints a table of them and the counts.

    Returns the exit code of the program.
    """
    missing = [tool for tool in tools if not shutil.which(tool)]
    reason = ""
    if missing:
        reason = f"{', '.join(missing)} missing; sudo tests/toolchains/install.sh"
    elif as_root and os.geteuid() != 0:
        reason = "needs root"
    if reason:
        print(f"skipped: {reason}")
        failed = int(os.environ.get("CI") == "true")
        print(f"0 passed, {failed} failed")
        return failed
    passed = failed = 0
    for name, check in checks.items():
        start, start_cpu = time.monotonic(), _cpu_of_commands()
        try:
            done = check()
        except (Failure, OSError) as failure:
            print(f"FAILED  {name}: {failure}", flush=True)
            failed += 1
        else:
            seconds = time.monotonic() - start
            cpu = _cpu_of_commands() - start_cpu
            spent = f"{seconds:.0f} s, {cpu:.0f} s of CPU"
            print(f"passed  {name:<16} {done} ({spent})", flush=True)
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def _cpu_of_commands() -> float:
    """Returns the processor time, in seconds, of all commands that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _own() -> str:
    return run(["dpkg", "--print-architecture"]).strip()


def _source(suite: str) -> str:
    """Returns where this machine takes its packages from, for another suite."""
    script = '. tests/install_lib.sh && main_source "name one" "$1"'
    return run(["sh", "-c", script, "sh", suite], cwd=TREE).strip()
