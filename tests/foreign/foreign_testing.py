# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests with a real virtiofsd share: the processes and the commands."""

import functools
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
ACCEPTS = 0x10000  # __SO_ACCEPTCON of Linux

# Where tests/foreign/install.sh puts one, and where distributions do.
_FOLDERS = ('/opt/devstate/virtiofsd', '/usr/libexec', '/usr/lib/qemu')
# Where it puts two more: 1.11, which writes the state as V1 and reads no other,
# and 1.14 or later.
FIRST = 'first'
NEWEST = 'newest'
_RELEASES = '/opt/devstate/virtiofsd-%s/virtiofsd'


def virtiofsd(release=None):
    """The command that starts virtiofsd, None if there is none."""
    if release is not None:
        path = _RELEASES % release
        return [path] if os.access(path, os.X_OK) else None
    given = os.environ.get('VIRTIOFSD')
    if given:
        return shlex.split(given)
    path = os.pathsep.join((_FOLDERS[0], os.environ.get('PATH', ''),
                            *_FOLDERS[1:]))
    found = shutil.which('virtiofsd', path=path)
    return [found] if found else None


def listens(path):
    """Whether a connection to the socket would be accepted. Its file exists a
    moment before."""
    with open('/proc/net/unix', encoding='utf-8') as sockets:
        # Number, references, protocol, flags, …, path.
        return any(int(words[3], 16) & ACCEPTS and words[-1] == path
                   for words in map(str.split, list(sockets)[1:]))


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
        while not listens(self.path(name)):
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


def needs(release):
    """Skips a test where that release is missing."""
    def decorate(test):
        @functools.wraps(test)
        def run(self):
            if virtiofsd(release) is not None:
                test(self)
                return
            reason = 'no %s virtiofsd; tests/foreign/install.sh installs it' % (
                release)
            # A continuous build must not pass because nothing ran.
            if os.environ.get('CI') == 'true':
                self.fail(reason)
            self.skipTest(reason)
        return run
    return decorate


def require_virtiofsd(*releases):
    """Ends the test, as skipped, where there is none, or none of a release."""
    for release in (None, *releases):
        if virtiofsd(release) is not None:
            continue
        what = 'no %svirtiofsd' % ('' if release is None else release + ' ')
        # A continuous build must not pass because nothing ran.
        if os.environ.get('CI') == 'true':
            sys.exit(what + '; run tests/foreign/install.sh')
        print('SKIPPED: %s; tests/foreign/install.sh installs it%s' % (
            what, ', or name one in $VIRTIOFSD' if release is None else ''))
        sys.exit(0)


def main():
    require_virtiofsd()
    unittest.main(module='__main__', verbosity=2)
