# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Back-ends that run, and what they must do with their states."""

from __future__ import annotations

import collections.abc
import contextlib
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import time

import front_end
from commands import Failure, run, try_to_run

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
TIMEOUT = 120  # seconds; far more than anything here takes


class BackEnd:
    """A back-end that was started and listens, killed at the end of its scope."""

    def __init__(self, command: list[str], env: dict[str, str], path: str) -> None:
        self.path = path
        self._process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._output = b""
        self.says("listening")
        self._sockets = self._open_sockets()

    def _open_sockets(self) -> int:
        """Returns how many sockets the process has, 0 if it is gone."""
        links = []
        for descriptor in pathlib.Path(f"/proc/{self._process.pid}/fd").glob("*"):
            # One may be closed meanwhile.
            with contextlib.suppress(FileNotFoundError):
                links.append(os.readlink(descriptor))
        return sum(link.startswith("socket:") for link in links)

    def __enter__(self) -> BackEnd:
        return self

    def __exit__(self, *unused: object) -> None:
        self._process.kill()
        self._process.communicate()

    def says(self, line: str) -> None:
        """Waits until the back-end has printed the line."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + TIMEOUT
        while line not in self._output.decode().splitlines():
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._process.stdout], [], [], max(left, 0))
            piece = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not piece:
                self._process.kill()
                raise Failure(
                    f"the back-end does not say {line!r}: {self._output.decode()}"
                )
            self._output += piece

    def has_mapped(self, library: str) -> bool:
        """Returns whether the process has mapped a library of this name."""
        maps = pathlib.Path(f"/proc/{self._process.pid}/maps").read_text()
        return f"/{library}.so" in maps

    def printed(self, words: str) -> None:
        """Ends the back-end; fails unless it has printed the words."""
        self._process.terminate()
        rest, _ = self._process.communicate(timeout=TIMEOUT)
        output = (self._output + rest).decode()
        if words not in output:
            raise Failure(f"the back-end has not printed {words!r}: {output}")

    def ends(self) -> None:
        """Ends the back-end, which must have lived until now, once it is idle."""
        deadline = time.monotonic() + TIMEOUT
        while self._open_sockets() > self._sockets and time.monotonic() < deadline:
            time.sleep(0.005)
        if self._process.poll() is None:
            self._process.terminate()
            self._process.communicate(timeout=TIMEOUT)
            return
        rest, _ = self._process.communicate()
        raise Failure(
            f"the back-end ended with {self._process.returncode}: "
            f"{(self._output + rest).decode()}"
        )


class Program:
    """A program that is a back-end, and the devstate that it was built with."""

    def __init__(
        self,
        command: list[str],
        state: list[str],
        shown: str,
        prefix: pathlib.Path,
        env: dict[str, str],
    ) -> None:
        """Takes the command with "{socket}" for the socket's path, the arguments
        that give it a state, and what it prints when it has loaded that."""
        self._command = command
        self._state = state
        self._shown = shown
        self._prefix = prefix
        self._env = env
        self._libraries: dict[str, str] = {}

    def set_library_path(self, folder: pathlib.Path) -> None:
        """Runs the program, but not devstate, with the libraries of a folder."""
        self._libraries = {"LD_LIBRARY_PATH": str(folder)}

    def start(self, path: str, state: bool) -> BackEnd:
        command = [part.format(socket=path) for part in self._command]
        env = self._env | self._libraries
        return BackEnd(command + (self._state if state else []), env, path)

    def _devstate(self, *arguments: str) -> list[str]:
        return [str(self._prefix / "bin/devstate"), *arguments]

    def migrates_to(self, other: Program) -> None:
        with pair(self, other) as (source, destination):
            run(
                self._devstate(
                    "migrate", "--from", source.path, "--to", destination.path
                ),
                env=self._env,
            )
            destination.says(other._shown)

    def migrates_under_qemu_to(self, other: Program) -> None:
        sys.path.insert(0, str(TREE / "tests/qemu"))
        import harness  # type: ignore[import-not-found]

        if (harness.qemu_version() or (0, 0)) < harness.MINIMUM:
            raise Skipped("no QEMU of 8.2 or later; sudo tests/qemu/install.sh")
        with (
            pair(self, other) as (source, destination),
            tempfile.TemporaryDirectory() as f,
        ):
            image = f"{f}/image"
            saving = harness.Qemu(f, [source])
            try:
                result = saving.save(image)
            finally:
                saving.stop()
            loading = harness.Qemu(f, [destination], incoming=True)
            try:
                loaded = loading.load(image)
            finally:
                loading.stop()
            if (result["status"], loaded["status"]) != ("completed", "completed"):
                raise Failure(f"{result}\n{saving.log}\n{loaded}\n{loading.log}")
            destination.says(other._shown)

    def keeps_the_rules_but(self, broken: tuple[str, ...]) -> None:
        """Fails unless `devstate conformance` fails for these cases and no other."""
        command = " ".join(self._command + self._state)
        result = try_to_run(
            self._devstate("conformance", "--start", command), env=self._env
        )
        failed = re.findall(r"^(B\d+) +FAIL", result.stdout, re.MULTILINE)
        if failed != list(broken) or " passed, " not in result.stdout:
            raise Failure(f"fails for {failed}, expected {broken}\n{result.stdout}")

    def stays_as_it_was(self) -> None:
        """Fails if a load that fails changes the device, or is the last one."""
        with (
            tempfile.TemporaryDirectory() as name,
            self.start(f"{name}/socket", state=True) as back_end,
        ):
            folder = pathlib.Path(name)
            good, after = folder / "good", folder / "after"

            def save(path: pathlib.Path) -> bytes:
                command = ("save", "--socket", back_end.path, "-o", str(path))
                run(self._devstate(*command), env=self._env)
                return path.read_bytes()

            def load(path: pathlib.Path, code: int, words: str) -> None:
                result = try_to_run(
                    self._devstate("load", "--socket", back_end.path, str(path)),
                    env=self._env,
                )
                if result.returncode != code or words not in result.stdout:
                    raise Failure(
                        f"load of a state that is {path.name}: exit code "
                        f"{result.returncode}, expected {code} and {words!r}\n"
                        f"{result.stdout}"
                    )
                if save(after) != state:
                    raise Failure(f"a state that is {path.name} changed the device")

            state = save(good)
            self._make_other_schema(folder)
            flipped = bytearray(state)
            flipped[len(state) // 2] ^= 1
            (folder / "damaged").write_bytes(flipped)
            (folder / "cut").write_bytes(state[: len(state) // 2])
            load(folder / "other", 1, "refused [")
            load(folder / "damaged", 1, "damaged [checksum]")
            load(folder / "cut", 1, "damaged [no-trailer]")
            front_end.is_killed_in_a_load(back_end.path, state)
            load(good, 0, "accepted")
            back_end.ends()

    def loads_its_own_state_without(self, *libraries: str) -> None:
        """Fails if a save and a load of it map one of the libraries."""
        with (
            tempfile.TemporaryDirectory() as name,
            self.start(f"{name}/socket", state=True) as back_end,
        ):
            state = f"{name}/state"
            socket = ("--socket", back_end.path)
            run(self._devstate("save", *socket, "-o", state), env=self._env)
            run(self._devstate("load", *socket, state), env=self._env)
            back_end.says(self._shown)
            mapped = [library for library in libraries if back_end.has_mapped(library)]
            if mapped:
                raise Failure(f"the back-end has mapped {mapped}")
            # The check sees what is there.
            if not back_end.has_mapped("libdevstate_c"):
                raise Failure("the back-end has not mapped libdevstate_c")
            back_end.ends()

    def refuses_another_schema(self, words: str) -> None:
        """Fails unless it refuses the state of another schema with these words."""
        with (
            tempfile.TemporaryDirectory() as name,
            self.start(f"{name}/socket", state=True) as back_end,
        ):
            folder = pathlib.Path(name)
            self._make_other_schema(folder)
            result = try_to_run(
                self._devstate(
                    "load", "--socket", back_end.path, str(folder / "other")
                ),
                env=self._env,
            )
            if result.returncode != 1 or "refused" not in result.stdout:
                raise Failure(f"exit code {result.returncode}: {result.stdout}")
            back_end.printed(words)

    def _make_other_schema(self, folder: pathlib.Path) -> None:
        """Makes the state "other", of a schema that no program here has."""
        backend = TREE / "tests/adopters/backend"
        (folder / "other.json").write_text("{}")
        schema = ("--schema", str(backend / "lamps.proto"), "-I", str(backend))
        files = (str(folder / "other.json"), "-o", str(folder / "other"))
        run(self._devstate("encode", *schema, *files), env=self._env)

    def refuses_states_while_a_ring_runs(self) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            self.start(f"{folder}/socket", state=True) as back_end,
        ):
            front_end.refuses_states_while_a_ring_runs(back_end.path)
            back_end.ends()


class Skipped(Exception):
    """Why a check was not made."""


@contextlib.contextmanager
def pair(
    source: Program, destination: Program
) -> collections.abc.Iterator[tuple[BackEnd, BackEnd]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        source.start(f"{folder}/source", state=True) as one,
        destination.start(f"{folder}/destination", state=False) as other,
    ):
        yield one, other
