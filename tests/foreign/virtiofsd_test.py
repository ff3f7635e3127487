# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Our front-end against virtiofsd (1.13 or later), over each kind of channel.

Runs the command in $VIRTIOFSD, or the installed virtiofsd. Skipped where there
is none: Debian 12 has it too old, and a newer one wants a newer C library.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

FRONTEND = 'tests/foreign/frontend'
PATIENCE = 30  # seconds


def virtiofsd():
    given = os.environ.get('VIRTIOFSD')
    if given:
        return shlex.split(given)
    path = os.environ.get('PATH', '') + ':/usr/libexec:/usr/lib/qemu'
    found = shutil.which('virtiofsd', path=path)
    return [found] if found else None


class VirtiofsdTest(unittest.TestCase):

    def setUp(self):
        # A socket's path has at most 107 bytes: Bazel's own folder is longer.
        self.folder = tempfile.mkdtemp(prefix='devstate-virtiofsd-', dir='/tmp')
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(self.path('share'))
        with open(self.path('share/file'), 'w') as file:
            file.write('contents')

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, name):
        process = subprocess.Popen(
            virtiofsd() + ['--socket-path', self.path(name), '--shared-dir',
                           self.path('share'), '--sandbox', 'none'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

        def stop():
            process.kill()
            process.wait()
        self.addCleanup(stop)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self.path(name)):
            self.assertIsNone(process.poll(), 'virtiofsd ended')
            self.assertLess(time.monotonic(), end, 'virtiofsd does not listen')
            time.sleep(0.01)

    def frontend(self, socket, channel, *transfers):
        command = [FRONTEND, self.path(socket), channel]
        for verb, name in transfers:
            command += [verb, self.path(name)]
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_state_goes_from_one_to_another_and_back_out(self):
        for channel in ('pipe', 'socketpair', 'memfd', 'file'):
            with self.subTest(channel=channel):
                source, destination = channel + '-from', channel + '-to'
                self.start(source)
                self.frontend(source, channel, ('save', 'state'),
                              ('save', 'again'))
                self.start(destination)
                self.frontend(destination, channel, ('load', 'state'),
                              ('save', 'loaded'))
                self.assertGreater(os.path.getsize(self.path('state')), 0)
                self.assertGreater(os.path.getsize(self.path('again')), 0)
                self.assertGreater(os.path.getsize(self.path('loaded')), 0)


def main():
    if virtiofsd() is None:
        print('SKIPPED: no virtiofsd; name one in $VIRTIOFSD')
        sys.exit(0)
    unittest.main(module='__main__', verbosity=2)


if __name__ == '__main__':
    main()
