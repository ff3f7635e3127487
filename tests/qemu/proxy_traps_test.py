# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Exchanges of a real virtiofsd under a guest that would hang, fail or lose
data if the proxy did not know what such a daemon does.

Skipped where QEMU, virtiofsd or the guest is not there: tests/qemu/install.sh,
tests/foreign/install.sh and tests/qemu/install_guest.sh get them.
"""

import hashlib
import json
import os
import subprocess

import foreign_testing
import guest
import harness
import proxy_case

LIBRARY = os.path.abspath('tests/qemu/libpreloaded.so')
READERS = 4
BLOCK = 64 << 10

# Reads some files at a time.
READER = '''
mount -t virtiofs t0 /mnt
echo reading
for file in /mnt/block.*; do
  echo "$(md5sum <$file) $file" &
done
wait
echo 'done'
'''


class ProxyTrapsTest(proxy_case.ProxyCase):

    def writing_guest(self, proxy):
        qemu = self.guest(proxy, proxy_case.WRITER)
        qemu.command('cont')
        qemu.wait_line('^writing')
        self.grows()
        return qemu

    def preloaded(self, variable, *flags):
        return 'env LD_PRELOAD=%s %s %s %s' % (LIBRARY, variable, self.command,
                                              ' '.join(flags))

    def test_requests_of_a_thread_pool_are_waited_for(self):
        blocks = [os.urandom(BLOCK) for _ in range(READERS)]
        for number, block in enumerate(blocks):
            self.share('block.%d' % number, block)
        gate = self.path('gate')
        with open(gate, 'wb'):
            pass
        proxy = self.proxy(backend=('--command', self.preloaded(
            'PRELOADED_GATE=' + gate, '--thread-pool-size=4',
            '--seccomp none')))
        qemu = self.guest(proxy, READER)
        qemu.command('cont')
        qemu.wait_line('^reading')
        harness.eventually(lambda: os.path.exists(gate + '.waiting'),
                           'a read that is worked on')
        upgrade = subprocess.Popen(
            [foreign_testing.DEVSTATE, 'upgrade', '--proxy',
             proxy.path + '.control', '--command', self.command, '--format',
             'json'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(upgrade.communicate)
        self.addCleanup(upgrade.kill)
        # It cannot end before the reads do.
        with self.assertRaises(subprocess.TimeoutExpired):
            upgrade.wait(3)
        os.remove(gate)
        report = json.loads(upgrade.communicate(timeout=harness.PATIENCE)[0])
        self.assertTrue(report['exchanged'], report)
        stages = {stage['name']: stage['milliseconds']
                  for stage in report['stages']}
        # The rings were stopped at once: what was waited for are requests.
        self.assertGreater(stages['drain'], stages['stop'])
        qemu.wait_line('^done')
        for number, block in enumerate(blocks):
            self.assertRegex(qemu.log, r'%s +- /mnt/block\.%d' % (
                hashlib.md5(block).hexdigest(), number))

    def test_a_new_one_that_may_not_open_handles_leaves_the_old_one(self):
        proxy = self.proxy(backend=('--command', self.with_handles()))
        qemu = self.writing_guest(proxy)
        report = self.upgrade(
            proxy, '--command', self.command + ' --modcaps=-dac_read_search',
            '--retries', '0', exit_code=1)
        self.assertTrue(report['old_serves'], report)
        self.assertRegex(proxy.log, 'Operation not permitted')
        self.grows()
        report = self.upgrade(proxy, '--command', self.with_handles())
        self.assertTrue(report['exchanged'], report)
        self.grows()
        self.assert_wrote_all(qemu)

    @foreign_testing.needs(foreign_testing.FIRST)
    def test_handles_do_not_go_to_a_version_that_has_none(self):
        first = self.command_of(foreign_testing.FIRST)
        # What it does not offer would be the first reason.
        proxy = self.proxy('--features-like', self.capabilities(first),
                           backend=('--command', self.with_handles()))
        qemu = self.writing_guest(proxy)
        report = self.upgrade(proxy, '--command', first, '--backend-format',
                              'virtiofsd:V1', '--retries', '0', exit_code=1)
        self.assertTrue(report['old_serves'], report)
        self.assertRegex(report['refusal'],
                         r'\[foreign-version\] inode \d+: its location is a '
                         'file handle')
        self.grows()
        self.assert_wrote_all(qemu)

    def test_a_system_call_that_is_not_allowed_is_named(self):
        proxy = self.proxy()
        qemu = self.writing_guest(proxy)
        report = self.upgrade(
            proxy, '--command', self.preloaded('PRELOADED_SYSCALL=1'),
            '--retries', '0', exit_code=1)
        self.assertTrue(report['old_serves'], report)
        self.assertRegex(report['refusal'],
                         r'was ended by signal 31 \(Bad system call\)')
        self.grows()
        self.assert_wrote_all(qemu)

    def test_a_daemon_lives_for_one_connection(self):
        one = self.virtiofsd()
        other = self.virtiofsd()
        proxy = self.proxy(backend=('--backend', one.path))
        qemu = self.writing_guest(proxy)
        report = self.upgrade(proxy, '--backend', other.path)
        self.assertTrue(report['exchanged'], report)
        # The end of its connection is what ends it.
        self.assertEqual(one.wait_exit(), 0)
        self.grows()
        # So it cannot take the device back.
        report = self.upgrade(proxy, '--backend', one.path, exit_code=1)
        self.assertTrue(report['old_serves'], report)
        self.grows()
        self.assert_wrote_all(qemu)


if __name__ == '__main__':
    foreign_testing.require_virtiofsd()
    guest.require()
    harness.main()
