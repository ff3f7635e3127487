# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A real virtiofsd is killed under a Linux guest that has files open, and the proxy
starts it again.

Skipped where QEMU, virtiofsd or the guest is not there: tests/qemu/install.sh,
tests/foreign/install.sh and tests/qemu/install_guest.sh get them.
"""

import os
import re
import signal

import foreign_testing
import guest
import harness
import proxy_case

KILLS = 3


class ProxyRecoveryTest(proxy_case.ProxyCase):

    def child(self, proxy):
        path = '/proc/%d/task/%d/children' % (proxy.process.pid,
                                              proxy.process.pid)
        with open(path, encoding='ascii') as children:
            child, = children.read().split()
            return int(child)

    def recover_under_a_writer(self, release=None):
        command = self.command_of(release, '--migration-on-error guest-error')
        proxy = self.proxy('--checkpoint', '1',
                           backend=('--command', command))
        qemu = self.guest(proxy, proxy_case.WRITER)
        qemu.command('cont')
        qemu.wait_line('^writing')
        for _ in range(KILLS):
            # The new program takes one of its own, after the files were opened.
            start = proxy.mark()
            self.upgrade(proxy, '--itself')
            harness.eventually(
                lambda: re.search('took over(.*\n)+.*again from now on',
                                  '\n'.join(proxy.lines[start:])),
                'a checkpoint')
            self.grows()
            os.kill(self.child(proxy), signal.SIGKILL)
            proxy.wait_line('recovery: .*"recovered":true', start)
            self.grows()
        self.share('stop', b'')
        qemu.wait_line('^done')
        written = int(qemu.wait_line(r'^wrote \d+').split()[1])
        self.assertRegex(qemu.log, r'read one\r?\n(.*\n)*read two')
        # What was under way is done again, so a number may be there twice.
        numbers = self.read('share/log.txt').decode().split()
        twice = len(numbers) - len(set(numbers))
        self.assertLessEqual(twice, KILLS)
        self.assertEqual(list(dict.fromkeys(numbers)),
                         [str(number) for number in range(written)])
        print('%d records, %d of them twice' % (len(numbers), twice),
              flush=True)
        self.assertEqual(qemu.run_state(), 'running')
        self.assertEqual(proxy.log.count('front-end connected'), 1)

    def test_a_guest_goes_on(self):
        self.recover_under_a_writer()

    @foreign_testing.needs(foreign_testing.NEWEST)
    def test_a_guest_on_the_newest_release_goes_on(self):
        self.recover_under_a_writer(foreign_testing.NEWEST)

    @foreign_testing.needs(foreign_testing.FIRST)
    def test_a_guest_on_the_first_release_goes_on(self):
        self.recover_under_a_writer(foreign_testing.FIRST)


if __name__ == '__main__':
    foreign_testing.require_virtiofsd()
    guest.require()
    harness.main()
