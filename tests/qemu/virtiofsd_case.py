# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests with QEMU and a real virtiofsd share."""

import os
import subprocess

import foreign_testing
import harness

PORTABLE = 'devices.fs.v1'


class Virtiofsd(harness.Process):

    def __init__(self, path, shared, release=None):
        super().__init__(foreign_testing.virtiofsd(release) + [
            '--socket-path', path, '--shared-dir', shared, '--sandbox',
            'none'])
        self.path = path
        self.wait_line('Waiting for vhost-user socket connection')


class VirtiofsdCase(harness.QemuTest):

    def setUp(self):
        super().setUp()
        self.shared = self.path('share')
        os.mkdir(self.shared)

    def share(self, name, contents):
        path = os.path.join(self.shared, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(contents)

    def virtiofsd(self, release=None):
        self.count += 1
        process = Virtiofsd(self.path('s%d' % self.count), self.shared, release)
        self.addCleanup(process.stop)
        return process

    def devstate(self, *arguments, exit_code=0):
        """What it prints, on either output."""
        run = subprocess.run([foreign_testing.DEVSTATE, *arguments],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT,
                             timeout=harness.PATIENCE, check=False)
        self.assertEqual(run.returncode, exit_code, run.stdout)
        return run.stdout.decode()

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def convert(self, source, destination, *flags):
        return self.devstate('convert', self.path(source), '-o',
                             self.path(destination), *flags)

    def inject(self, file, state, destination):
        self.devstate('qemu', 'inject', self.path(file), self.path(state),
                      '-o', self.path(destination))
