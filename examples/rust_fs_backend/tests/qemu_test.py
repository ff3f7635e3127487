# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The Rust back-end under stock QEMU, between two in C++ and between two virtiofsds.

Run by bindings/rust/test in the folder of what Bazel has built. RUST_FS_BACKEND is
the path of the program.
"""

import os
import shutil
import subprocess
import sys
import unittest

import examples
import foreign_testing
import harness
import virtiofsd_case

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


NO_VIRTIOFSD = foreign_testing.virtiofsd() is None
# A continuous build must not pass because nothing ran.
SKIP_VIRTIOFSD = NO_VIRTIOFSD and os.environ.get('CI') != 'true'


@unittest.skipIf(SKIP_VIRTIOFSD, 'tests/foreign/install.sh installs virtiofsd')
class VirtiofsdTest(virtiofsd_case.VirtiofsdCase):

    def setUp(self):
        super().setUp()
        # What the guest of OPEN_FILES had looked up and opened.
        for name, contents in (('a.txt', b'one line\n'), ('log.txt', b''),
                               ('dir/b.bin', b'\0\1\2'), ('dir/sub/c', b'c')):
            self.share(name, contents)

    def save(self, backend, image):
        """A machine with `backend` is migrated to a file."""
        qemu = self.qemu(backend)
        self.assert_completed(qemu.save(self.path(image)), qemu, backend)
        qemu.stop()

    def go_on(self, backend, image, again):
        """A machine with `backend` loads the file, and is migrated to another."""
        qemu = self.qemu(backend, incoming=True)
        self.assert_completed(qemu.load(self.path(image)), qemu, backend)
        self.assert_completed(qemu.save(self.path(again)), qemu, backend)
        qemu.stop()

    def extract(self, image, state):
        self.devstate('qemu', 'extract', self.path(image), '-o', self.path(state))

    def test_a_live_virtiofsd_hands_over_to_rust_and_takes_over_again(self):
        shutil.copyfile(OPEN_FILES, self.path('state'))
        first = self.virtiofsd()
        self.save(first, 'idle.mig')
        first.stop()
        self.inject('idle.mig', 'state', 'open.mig')

        # virtiofsd loads it and saves it itself.
        source = self.virtiofsd()
        self.go_on(source, 'open.mig', 'from-virtiofsd.mig')
        source.stop()
        self.extract('from-virtiofsd.mig', 'state-before')
        self.convert('state-before', 'portable', '--to', virtiofsd_case.PORTABLE)
        self.inject('from-virtiofsd.mig', 'portable', 'to-rust.mig')

        rust = self.example('rust_fs')
        self.go_on(rust, 'to-rust.mig', 'from-rust.mig')
        rust.wait_line('^load passed, ')
        rust.wait_line('^save passed, ')
        self.extract('from-rust.mig', 'portable-again')
        self.convert('portable-again', 'state-again', '--to', 'virtiofsd')
        self.inject('from-rust.mig', 'state-again', 'to-virtiofsd.mig')

        destination = self.virtiofsd()
        self.go_on(destination, 'to-virtiofsd.mig', 'after.mig')
        destination.stop()
        self.extract('after.mig', 'state-after')
        self.assertEqual(self.read('state-after'), self.read('state-before'))


if __name__ == '__main__':
    for path in (harness.EXAMPLES['rust_fs'], harness.EXAMPLES['fs']):
        if not os.path.exists(path):
            sys.exit('no %s: build it' % path)
    if SKIP_VIRTIOFSD:
        print('SKIPPED: no virtiofsd; tests/foreign/install.sh installs one')
    harness.main()
