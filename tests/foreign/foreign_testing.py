# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests with a real virtiofsd share: the processes and the commands."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

FRONTEND = 'tests/foreign/frontend'
DEVSTATE = 'cli/devstate'
FS_BACKEND = 'examples/fs_backend/fs_backend'
PATIENCE = 30  # seconds

# Where tests/foreign/install.sh puts one, and where distributions do.
_FOLDERS = ('/opt/devstate/virtiofsd', '/usr/libexec', '/usr/lib/qemu')


def virtiofsd():
    """The command that starts virtiofsd, None if there is none."""
    given = os.environ.get('VIRTIOFSD')
    if given:
        return shlex.split(given)
    path = os.pathsep.join((_FOLDERS[0], os.environ.get('PATH', ''),
                            *_FOLDERS[1:]))
    found = shutil.which('virtiofsd', path=path)
    return [found] if found else None


class ForeignTest(unittest.TestCase):
    """A folder for sockets and states, and `share` in it for virtiofsd."""

    def setUp(self):
        # A socket's path has at most 107 bytes: Bazel's own folder is longer.
        self.folder = tempfile.mkdtemp(prefix='devstate-virtiofsd-', dir='/tmp')
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(self.path('share'))

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def write(self, name, contents):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'wb') as file:
            file.write(contents)

    def spawn(self, command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   **options)

        def stop():
            process.kill()
            process.communicate()
        self.addCleanup(stop)
        return process

    def start_virtiofsd(self, name):
        """Starts one on `share`; it serves one connection at socket `name`."""
        process = self.spawn(
            virtiofsd() + ['--socket-path', self.path(name), '--shared-dir',
                           self.path('share'), '--sandbox', 'none'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self.path(name)):
            self.assertIsNone(process.poll(), 'virtiofsd ended')
            self.assertLess(time.monotonic(), end, 'virtiofsd does not listen')
            time.sleep(0.01)

    def start_fs_backend(self, name, *flags):
        """Starts the example back-end on `share`."""
        process = self.spawn(
            [FS_BACKEND, '--socket-path', self.path(name), '--shared-dir',
             self.path('share'), *flags],
            stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith('listening'):
                return
        self.fail('fs_backend does not listen')

    def run_command(self, command, exit_code=0):
        """Runs it, and returns what it printed."""
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, exit_code, done.stdout)
        return done.stdout

    def frontend(self, socket, channel, *transfers, exit_code=0):
        """Saves and loads one after the other, on one connection."""
        command = [FRONTEND, self.path(socket), channel]
        for verb, name in transfers:
            command += [verb, self.path(name)]
        return self.run_command(command, exit_code)

    def convert(self, source, destination, *flags, exit_code=0):
        return self.run_command(
            [DEVSTATE, 'convert', self.path(source), *flags, '-o',
             self.path(destination)], exit_code)


def require_virtiofsd():
    """Ends the test, as skipped, where there is none."""
    if virtiofsd() is None:
        # A continuous build must not pass because nothing ran.
        if os.environ.get('CI') == 'true':
            sys.exit('no virtiofsd; run tests/foreign/install.sh')
        print('SKIPPED: no virtiofsd; tests/foreign/install.sh installs one, '
              'or name one in $VIRTIOFSD')
        sys.exit(0)


def main():
    require_virtiofsd()
    unittest.main(module='__main__', verbosity=2)
