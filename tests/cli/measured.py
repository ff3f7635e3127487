# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Commands of devstate that end, and the memory that each takes."""

import collections
import os
import subprocess
import tempfile

DEVSTATE = os.path.abspath('cli/devstate')
PATIENCE = 120  # seconds

# `kib` is the most memory that it had at once.
Done = collections.namedtuple('Done', 'code out err kib')


def run(*arguments):
    with tempfile.TemporaryFile('w+', encoding='utf-8') as out, \
            tempfile.TemporaryFile('w+', encoding='utf-8') as err:
        command = subprocess.Popen(
            ['timeout', str(PATIENCE), DEVSTATE, *arguments],
            stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(command.pid, 0)
        command.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Done(command.returncode, out.read(), err.read(),
                    usage.ru_maxrss)


def is_sanitized():
    """Whether the command has a sanitizer, which needs memory of its own."""
    return run('--version').kib > 40 << 10
