# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest has files in use in every way while its virtiofsd is exchanged for
a newer one and back.

A few exchanges by default, PROXY_EXCHANGES in the environment says how many.
Skipped where QEMU, virtiofsd or the guest is not there: tests/qemu/install.sh,
tests/foreign/install.sh and tests/qemu/install_guest.sh get them.
"""

import itertools
import os
import re
import struct

import foreign_testing
import guest
import harness
import proxy_case

EXCHANGES = int(os.environ.get('PROXY_EXCHANGES') or 4)
WORKER = 'tests/qemu/file_worker'
RECORD = struct.Struct('<8Q')
NAMES = 300
STAGES = ('start', 'negotiate', 'announce', 'stop', 'drain', 'save', 'translate',
          'load', 'rings')

SCRIPT = '''
mount -t virtiofs t0 /mnt
/file_worker /mnt
'''


def record(number):
    """What file_worker.cc calls a Record."""
    words = []
    for _ in range(8):
        words.append(number)
        number = (number * 6364136223846793005 + 1442695040888963407) % (1 << 64)
    return RECORD.pack(*words)


class ProxyVersionsTest(proxy_case.ProxyCase):

    def setUp(self):
        super().setUp()
        self.phases = itertools.count()
        self.share('log', b'')
        self.share('gone', b'')
        self.share('mapped', bytes(4096))
        for number in range(NAMES):
            self.share('names/a name of some length %d' % number, b'')

    def end_phase(self, qemu, last=False):
        """Returns the longest time of a round in it, in milliseconds."""
        phase = next(self.phases)
        self.share('stop' if last else 'phase%d' % (phase + 1), b'')
        line = qemu.wait_line(r'^phase %d:|WRONG|panic' % phase)
        longest = re.search(r'the longest (\d+) us', line)
        self.assertIsNotNone(longest, qemu.log)
        return int(longest[1]) / 1000

    def test_there_and_back_loses_nothing(self):
        # Each is exchanged for the other one.
        releases = itertools.cycle((None, foreign_testing.NEWEST))
        proxy = self.proxy(backend=('--command',
                                    self.with_handles(next(releases))))
        qemu = self.guest(proxy, SCRIPT, programs=[WORKER])
        qemu.command('cont')
        qemu.wait_line('^working')
        print('to      gap before  with | stopped | %s [ms]' % ' '.join(STAGES),
              flush=True)
        for _ in range(EXCHANGES):
            release = next(releases)
            before = self.end_phase(qemu)
            report = self.upgrade(proxy, '--command',
                                  self.with_handles(release))
            self.assertTrue(report['exchanged'], proxy.log)
            gap = self.end_phase(qemu)
            stages = {stage['name']: stage['milliseconds']
                      for stage in report['stages']}
            print('%-7s %10.1f %5.1f | %7.1f | %s' % (
                release or 'default', before, gap,
                report['stopped_milliseconds'],
                ' '.join('%*.1f' % (len(name), stages[name])
                         for name in STAGES)), flush=True)
        self.end_phase(qemu, last=True)
        words = qemu.wait_line(r'^worked \d+ rounds, read \d+ names').split()
        rounds, names = int(words[1]), int(words[4])
        self.assertEqual(names, NAMES + len(('.', '..')))
        self.assertEqual(self.read('share/log'),
                         b''.join(map(record, range(rounds))))
        # QEMU has never connected again.
        self.assertEqual(proxy.log.count('front-end connected'), 1)


if __name__ == '__main__':
    foreign_testing.require_virtiofsd(foreign_testing.NEWEST)
    guest.require()
    harness.main()
