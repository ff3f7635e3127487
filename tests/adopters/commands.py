# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Commands that are run for their output."""

from __future__ import annotations

import pathlib
import subprocess


class Failure(Exception):
    """What was expected and did not happen."""


def run(
    command: list[str],
    cwd: pathlib.Path | None = None,
    env: dict[str, str] | None = None,
    stdin: str = "",
) -> str:
    """Returns the output of a command, which must succeed."""
    result = try_to_run(command, cwd, env, stdin)
    if result.returncode != 0:
        raise Failure(
            f"{' '.join(command)}: exit code {result.returncode}\n{result.stdout}"
        )
    return result.stdout


def try_to_run(
    command: list[str],
    cwd: pathlib.Path | None = None,
    env: dict[str, str] | None = None,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        check=False,
        text=True,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
