# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The example back-ends under a current QEMU, and between it and an older one.

Skipped where either is not there: tests/qemu/install.sh and
tests/qemu/install_newest.sh install them.
"""

import itertools
import os

import examples
import harness

DEVICES = ['fs', 'net']
PROGRAMS = {'older': harness.QEMU, 'newest': harness.NEWEST_QEMU}


class NewestTest(examples.ExampleTest):

    def machine(self, backend, device, program, incoming=False):
        return self.qemu(backend, devices=[device], incoming=incoming,
                         machine=harness.COMMON_MACHINE,
                         program=PROGRAMS[program])

    def migrate(self, device, source_program, program, flags=()):
        source = self.source(device, *flags)
        qemu = self.machine(source, device, source_program)
        path = self.path('image')
        self.assert_completed(qemu.save(path), qemu, source)
        source.wait_line('^saved: ')
        destination = self.destination(device, *flags)
        self.assertNotEqual(self.text('destination', device),
                            self.text('source', device))
        other = self.machine(destination, device, program, incoming=True)
        self.assert_completed(other.load(path), other, destination)
        destination.wait_line('^committed$')
        self.assert_same_state(device)
        for process in (qemu, other, source, destination):
            process.stop()
        os.unlink(path)

    def test_n1_states_are_equal_whatever_the_channel(self):
        for device in DEVICES:
            for channel, flags in examples.CHANNELS.items():
                with self.subTest(device=device, channel=channel):
                    self.migrate(device, 'newest', 'newest', flags)

    def test_n2_machines_go_from_an_older_qemu_and_back(self):
        for device, way in itertools.product(
                DEVICES, (('older', 'newest'), ('newest', 'older'))):
            with self.subTest(device=device, way=way):
                self.migrate(device, *way)

    def test_n3_a_refused_state_fails_the_migration_and_a_good_one_loads_next(self):
        for device in DEVICES:
            with self.subTest(device=device):
                source = self.source(device)
                qemu = self.machine(source, device, 'newest')
                image = self.path('image')
                self.assert_completed(qemu.save(image), qemu, source)
                with open(image, 'rb') as file:
                    damaged = bytearray(file.read())
                damaged[damaged.index(b'\xd5devst') + 100] ^= 1
                with open(self.path('damaged'), 'wb') as file:
                    file.write(damaged)
                destination = self.destination(device)
                empty = self.text('destination', device)
                other = self.machine(destination, device, 'newest',
                                     incoming=True)
                self.assert_failed(other.load(self.path('damaged')), other,
                                   destination)
                destination.wait_line(r'^damaged: .*\[checksum\]')
                self.assertEqual(self.text('destination', device), empty)
                other.stop()
                again = self.machine(destination, device, 'newest',
                                     incoming=True)
                self.assert_completed(again.load(image), again, destination)
                destination.wait_line('^committed$')
                self.assert_same_state(device)

    def test_n4_source_that_dies_fails_the_migration(self):
        source = self.source('fs')
        qemu = self.machine(source, 'fs', 'newest')
        source.process.kill()
        source.wait_exit()
        self.assert_failed(qemu.save(self.path('image')), qemu, source)


if __name__ == '__main__':
    harness.require_newest_qemu()
    harness.main()
