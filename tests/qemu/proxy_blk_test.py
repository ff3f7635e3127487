# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest writes to a disk whose back-end is exchanged under it by a proxy,
without device state: what it has are its rings and the file.

Skipped where QEMU or the guest is not there: tests/qemu/install.sh and
tests/qemu/install_guest.sh get them.
"""

import disk_case
import guest
import harness
import proxy_case

EXCHANGES = 5


class ProxyBlkTest(disk_case.DiskGuest, proxy_case.ProxyCase):

    def example_command(self, workers):
        """Requests take a while, so that an exchange finds some."""
        return ('%s --socket-path {socket} --disk %s --queues %d --workers %d '
                '--latency-us 2000' % (harness.EXAMPLES['blk'], self.disk,
                                       disk_case.QUEUES, workers))

    def test_a_disk_loses_no_write(self):
        commands = (self.example_command(8), self.example_command(1))
        proxy = self.proxy(backend=('--command', commands[0]))
        qemu = self.start_guest(proxy)
        for number in range(1, EXCHANGES + 1):
            report = self.upgrade(proxy, '--without-state', '--command',
                                  commands[number % len(commands)])
            self.assertTrue(report['exchanged'], proxy.log)
            print('rings stopped for %.1f ms' % report['stopped_milliseconds'],
                  flush=True)
            self.assert_goes_on(qemu)
        self.assert_all_was_written(qemu)
        # QEMU has never connected again.
        self.assertEqual(proxy.log.count('devstate proxy: front-end connected'),
                         1)


if __name__ == '__main__':
    guest.require(guest.BLK)
    harness.main()
