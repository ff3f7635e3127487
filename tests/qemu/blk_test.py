# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest writes to a disk whose back-end is killed at random moments.

BLK_KILLS in the environment says how often (5). The guest checks what it reads
all the time, so that a write that is lost, or done again after a later one,
shows at once. Skipped where QEMU or the guest is not there: tests/qemu/install.sh
and tests/qemu/install_guest.sh get them.
"""

import os
import random
import time

import guest
import harness

KILLS = int(os.environ.get('BLK_KILLS', '5'))
# The longest time between a restart and the next end.
LONGEST = 0.3  # seconds
DISK_SIZE = 16 << 20
QUEUES = 2
THREADS = 8
WRITER = 'tests/qemu/disk_writer'

SCRIPT = '''
echo "queues $(ls /sys/block/vda/mq | wc -l)"
/disk_writer /dev/vda %d
''' % THREADS


class BlkTest(harness.QemuTest):

    def setUp(self):
        super().setUp()
        self.disk = self.path('disk')
        with open(self.disk, 'wb') as file:
            file.truncate(DISK_SIZE)
        self.machine = guest.make_initrd(self.folder, SCRIPT, guest.BLK,
                                         [WRITER])
        # The driver uses no more queues than there are processors.
        self.machine += ['-serial', 'stdio', '-smp', str(QUEUES)]
        self.resubmitted = 0

    def start(self, *flags):
        """A back-end on the one socket, with requests that take a while: so
        many are in flight when it ends."""
        return self.example('blk', '--disk=' + self.disk,
                            '--queues=%d' % QUEUES, '--latency-us=2000',
                            *flags, path=self.path('blk'))

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

    def kill_often(self, *properties):
        backend = self.start()
        qemu = self.start_guest(backend, *properties)
        moments = random.Random(16)
        for _ in range(KILLS):
            time.sleep(moments.uniform(0, LONGEST))
            backend.stop()
            backend = self.start()
            self.assert_goes_on(qemu)
            self.resubmitted += backend.log.count('submitted again')
        self.assert_all_was_written(qemu)
        # Else the kills have met nothing.
        self.assertGreater(self.resubmitted, 0)

    def test_no_write_is_lost_in_split_rings(self):
        self.kill_often()

    def test_no_write_is_lost_in_packed_rings(self):
        self.kill_often('packed=on')

    def test_another_release_takes_over_in_the_middle(self):
        backend = self.start()
        qemu = self.start_guest(backend)
        # It ends by itself, and the next one does other things at a time.
        backend.process.terminate()
        self.assertEqual(backend.wait_exit(), 0)
        self.start('--workers=1')
        self.assert_goes_on(qemu)
        self.assert_all_was_written(qemu)


if __name__ == '__main__':
    guest.require(guest.BLK)
    harness.main()
