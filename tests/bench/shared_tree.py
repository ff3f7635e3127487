# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Measures how a real virtiofsd and fs_backend save and load the same tree."""

from __future__ import annotations

import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence

import command

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "foreign"))
import foreign_testing

FILES_OF_A_DIRECTORY = 500
PATIENCE = 600  # seconds
# In what tests/foreign/frontend prints.
SECONDS = re.compile(r" seconds=(\S+)")


def virtiofsd() -> list[str] | None:
    """Returns the command of the newest one, None if none is installed."""
    newest: list[str] | None = foreign_testing.virtiofsd(foreign_testing.NEWEST)
    return newest or foreign_testing.virtiofsd()


def make_tree(folder: pathlib.Path, files: int) -> None:
    for directory in range(0, files, FILES_OF_A_DIRECTORY):
        inner = folder / f"directory-{directory:08}"
        inner.mkdir()
        for file in range(min(FILES_OF_A_DIRECTORY, files - directory)):
            (inner / f"a-file-of-a-name-{file:04}").touch()


@contextlib.contextmanager
def serving(socket: pathlib.Path, *arguments: str | pathlib.Path) -> Iterator[None]:
    """Runs a back-end that listens at the socket."""
    socket.unlink(missing_ok=True)
    process = subprocess.Popen(
        [*arguments, "--socket-path", socket],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + PATIENCE
        while not foreign_testing.listens(str(socket)):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{arguments[0]} does not listen")
            time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.wait()


def transfers(
    binaries: pathlib.Path, socket: pathlib.Path, *verbs: tuple[str, pathlib.Path]
) -> list[float]:
    """Saves and loads on one connection, and returns how many seconds each took."""
    words = [str(word) for verb in verbs for word in verb]
    done = subprocess.run(
        [binaries / "tests/foreign/frontend", socket, "pipe", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [float(found) for found in SECONDS.findall(done.stdout)]


def measure(binaries: pathlib.Path, files: int, times: int, add: command.Add) -> None:
    """Adds how long a save and a load take, and how much longer virtiofsd's do."""
    theirs = virtiofsd()
    if theirs is None:
        raise RuntimeError("no virtiofsd: run tests/foreign/install.sh")
    devstate = binaries / "cli/devstate"
    ours = binaries / "examples/fs_backend/fs_backend"
    with tempfile.TemporaryDirectory(prefix="devstate-bench-") as name:
        folder = pathlib.Path(name)
        tree = folder / "tree"
        tree.mkdir()
        make_tree(tree, files)
        portable, foreign, out = (
            folder / "fs.dstate",
            folder / "fs.state",
            folder / "out",
        )
        socket = folder / "socket"
        with serving(socket, ours, "--shared-dir", tree):
            transfers(binaries, socket, ("save", portable))
        command.Run(
            [devstate, "convert", portable, "--to", "virtiofsd", "-o", foreign], {0}
        )
        seconds: dict[str, list[float]] = {}
        for _ in range(times):
            for who, program, flags, state in (
                ("virtiofsd", theirs, ["--sandbox", "none"], foreign),
                ("fs_backend", [str(ours)], ["--await-load"], portable),
            ):
                with serving(socket, *program, "--shared-dir", tree, *flags):
                    load, save = transfers(
                        binaries, socket, ("load", state), ("save", out)
                    )
                seconds.setdefault(f"{who} load", []).append(load)
                seconds.setdefault(f"{who} save", []).append(save)
                seconds.setdefault(f"{who} both", []).append(load + save)
        for figure, values in seconds.items():
            add(f"{figure} of {files} files", "s", values)
        for part in ("load", "save", "both"):
            add(
                f"virtiofsd / fs_backend, {part}",
                "times the time",
                ratios(seconds[f"virtiofsd {part}"], seconds[f"fs_backend {part}"]),
            )


def ratios(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(first, second, strict=True)]
