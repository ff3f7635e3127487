# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The Rust back-end under stock QEMU, between two in C++.

Run by bindings/rust/test in the folder of what Bazel has built. RUST_FS_BACKEND is
the path of the program.
"""

import os
import subprocess
import sys

import examples
import harness

DEVSTATE = 'cli/devstate'
TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../..')
# Written by virtiofsd for a guest that works with files.
OPEN_FILES = os.path.join(TREE, 'foreign/states/virtiofsd/testdata/open-fp.state')
harness.EXAMPLES['rust_fs'] = os.environ['RUST_FS_BACKEND']


class RustTest(examples.ExampleTest):

    def devstate(self, *arguments):
        subprocess.run([DEVSTATE, *arguments], check=True,
                       stdout=subprocess.DEVNULL)

    def migrate(self, name, source, destination):
        """The state goes from one machine through a file to another."""
        image = self.path(name)
        qemu = self.qemu(source)
        self.assert_completed(qemu.save(image), qemu, source)
        qemu.stop()
        other = self.qemu(destination, incoming=True)
        self.assert_completed(other.load(image), other, destination)
        other.stop()

    def test_a_table_migrates_from_cpp_to_rust_and_back(self):
        for flags in ([], ['--change-times'], ['--locks']):
            with self.subTest(flags=flags):
                source = self.source('fs', *flags)
                rust = self.example('rust_fs')
                destination = self.destination('fs')
                self.migrate('to-rust', source, rust)
                rust.wait_line('^load passed, ')
                self.migrate('to-cpp', rust, destination)
                rust.wait_line('^save passed, ')
                self.assert_same_state('fs')

    def test_a_state_of_virtiofsd_goes_over_two_machines_and_comes_back(self):
        self.devstate('convert', OPEN_FILES, '--to', 'devices.fs.v1', '-o',
                      self.path('portable'))
        source = self.example('rust_fs', '--state=' + self.path('portable'))
        rust = self.example('rust_fs')
        self.migrate('first', source, rust)
        qemu = self.qemu(rust)
        self.assert_completed(qemu.save(self.path('second')), qemu, rust)
        qemu.stop()
        self.devstate('qemu', 'extract', self.path('second'), '-o',
                      self.path('again'))
        self.devstate('convert', self.path('again'), '--to', 'virtiofsd', '-o',
                      self.path('state'))
        with open(OPEN_FILES, 'rb') as before, open(self.path('state'),
                                                    'rb') as after:
            self.assertEqual(after.read(), before.read())

    def test_a_refused_state_fails_the_migration_and_a_good_one_loads_next(self):
        source = self.source('fs')
        qemu = self.qemu(source)
        image = self.path('image')
        self.assert_completed(qemu.save(image), qemu, source)
        qemu.stop()
        with open(image, 'rb') as file:
            good = file.read()
        # Some way into the state, which begins with its magic.
        bad = bytearray(good)
        bad[bad.index(b'\xd5devst\r\n') + 8000] ^= 4
        with open(self.path('bad'), 'wb') as file:
            file.write(bad)
        rust = self.example('rust_fs')
        other = self.qemu(rust, incoming=True)
        self.assert_failed(other.load(self.path('bad')), other, rust)
        rust.wait_line('^load failed, .*CHECKSUM')
        other.stop()
        another = self.qemu(rust, incoming=True)
        self.assert_completed(another.load(image), another, rust)
        rust.wait_line('^load passed, ')


if __name__ == '__main__':
    for path in (harness.EXAMPLES['rust_fs'], harness.EXAMPLES['fs']):
        if not os.path.exists(path):
            sys.exit('no %s: build it' % path)
    harness.main()
