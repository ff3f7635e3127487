# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests with a guest that writes to a disk share.

The guest checks what it reads all the time, so that a write that is lost, or done
again after a later one, shows at once.
"""

import guest
import harness

DISK_SIZE = 16 << 20
QUEUES = 2
THREADS = 8
WRITER = 'tests/qemu/disk_writer'

SCRIPT = '''
echo "queues $(ls /sys/block/vda/mq | wc -l)"
/disk_writer /dev/vda %d
''' % THREADS


class DiskGuest:
    """For a class of tests that derives from harness.QemuTest as well."""

    def setUp(self):
        super().setUp()
        self.disk = self.path('disk')
        with open(self.disk, 'wb') as file:
            file.truncate(DISK_SIZE)
        self.machine = guest.make_initrd(self.folder, SCRIPT, guest.BLK,
                                         [WRITER])
        # The driver uses no more queues than there are processors.
        self.machine += ['-serial', 'stdio', '-smp', str(QUEUES)]

    def start_guest(self, backend, *properties):
        device = harness.blk_device(QUEUES, *properties)
        qemu = self.qemu(backend, devices=[device], memory=guest.MEMORY,
                         extra=self.machine)
        qemu.command('cont')
        qemu.wait_line('^written')
        self.assertIn('queues %d' % QUEUES, qemu.log)
        return qemu

    def assert_goes_on(self, qemu):
        qemu.wait_line('^written', qemu.mark())
        self.assertNotIn('WRONG', qemu.log)

    def assert_all_was_written(self, qemu):
        with open(self.disk, 'r+b') as file:
            file.write(b'stop')
        qemu.wait_line('^verified|WRONG|Kernel panic')
        self.assertNotIn('WRONG', qemu.log)
        self.assertNotIn('I/O error', qemu.log)
        self.assertIn('verified', qemu.log)
