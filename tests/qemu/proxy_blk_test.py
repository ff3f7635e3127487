# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest writes to a disk whose back-end is exchanged under it by a proxy,
without device state: what it has are its rings and the file.

The guest checks what it reads all the time, as in blk_test.py. Skipped where QEMU
or the guest is not there: tests/qemu/install.sh and tests/qemu/install_guest.sh
get them.
"""

import guest
import harness
import proxy_case

EXCHANGES = 5
DISK_SIZE = 16 << 20
QUEUES = 2
THREADS = 8
WRITER = 'tests/qemu/disk_writer'

SCRIPT = '''
/disk_writer /dev/vda %d
''' % THREADS


class ProxyBlkTest(proxy_case.ProxyCase):

    def setUp(self):
        super().setUp()
        self.disk = self.path('disk')
        with open(self.disk, 'wb') as file:
            file.truncate(DISK_SIZE)

    def example(self, workers):
        """Requests take a while, so that an exchange finds some."""
        return ('%s --socket-path {socket} --disk %s --queues %d --workers %d '
                '--latency-us 2000' % (harness.EXAMPLES['blk'], self.disk,
                                       QUEUES, workers))

    def test_a_disk_loses_no_write(self):
        commands = (self.example(8), self.example(1))
        proxy = self.proxy(backend=('--command', commands[0]))
        machine = guest.make_initrd(self.folder, SCRIPT, guest.BLK, [WRITER])
        # The driver uses no more queues than there are processors.
        machine += ['-serial', 'stdio', '-smp', str(QUEUES)]
        qemu = self.qemu(proxy, devices=[harness.blk_device(QUEUES)],
                         memory=guest.MEMORY, extra=machine)
        qemu.command('cont')
        qemu.wait_line('^written')
        for number in range(1, EXCHANGES + 1):
            report = self.upgrade(proxy, '--without-state', '--command',
                                  commands[number % len(commands)])
            self.assertTrue(report['exchanged'], proxy.log)
            print('rings stopped for %.1f ms' % report['stopped_milliseconds'],
                  flush=True)
            qemu.wait_line('^written|WRONG', qemu.mark())
        with open(self.disk, 'r+b') as file:
            file.write(b'stop')
        qemu.wait_line('^verified|WRONG|Kernel panic')
        self.assertNotIn('WRONG', qemu.log)
        self.assertNotIn('I/O error', qemu.log)
        self.assertIn('verified', qemu.log)
        # QEMU has never connected again.
        self.assertEqual(proxy.log.count('devstate proxy: front-end connected'),
                         1)


if __name__ == '__main__':
    guest.require(guest.BLK)
    harness.main()
