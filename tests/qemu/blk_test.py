# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest writes to a disk whose back-end is killed at random moments.

BLK_KILLS in the environment says how often (5). Skipped where QEMU or the guest is
not there: tests/qemu/install.sh and tests/qemu/install_guest.sh get them.
"""

import os
import random
import time

import disk_case
import guest
import harness

KILLS = int(os.environ.get('BLK_KILLS', '5'))
# The longest time between a restart and the next end.
LONGEST = 0.3  # seconds


class BlkTest(disk_case.DiskGuest, harness.QemuTest):

    def setUp(self):
        super().setUp()
        self.resubmitted = 0

    def start(self, *flags):
        """A back-end on the one socket, with requests that take a while: so
        many are in flight when it ends."""
        return self.example('blk', '--disk=' + self.disk,
                            '--queues=%d' % disk_case.QUEUES, '--latency-us=2000',
                            *flags, path=self.path('blk'))

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
