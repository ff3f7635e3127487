# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest with files open on virtiofsd goes through the releases of it: down
to the first, whose format is older, and up again, the last step to a newer QEMU.

Skipped where one of them, QEMU or the guest is not there: tests/qemu/install.sh,
install_newest.sh, install_guest.sh and tests/foreign/install.sh get them.
"""

import re

import foreign_testing
import guest
import harness
import virtiofsd_case

STEPS = 4
# Opens two files and a directory. At each step it goes on with them, and waits
# for a file that appears once it runs elsewhere.
SCRIPT = '''
mount -t virtiofs t0 /mnt
exec 3>>/mnt/log.txt 4</mnt/dir/sub/lines.txt
cd /mnt/dir
for step in 1 2 3 4; do
  echo "step $step" >&3
  read line <&4
  echo "at step $step: read $line, found $(echo *), $(head -n 1 sub/lines.txt)"
  while [ ! -e /mnt/go$step ]; do sleep 0.1; done
done
'''


class ReleasesTest(virtiofsd_case.VirtiofsdCase):

    def setUp(self):
        super().setUp()
        self.share('log.txt', b'')
        self.share('dir/sub/lines.txt', b'one\ntwo\nthree\nfour\n')
        self.machine = guest.make_initrd(self.folder, SCRIPT)
        self.machine += ['-serial', 'stdio']

    def start(self, release, incoming=True, program=harness.QEMU):
        daemon = self.virtiofsd(release)
        qemu = self.qemu(daemon, incoming=incoming, memory=guest.MEMORY,
                         machine=harness.COMMON_MACHINE, program=program,
                         extra=self.machine)
        return daemon, qemu

    def load(self, name, release, program=harness.QEMU):
        daemon, qemu = self.start(release, program=program)
        self.assert_completed(qemu.load(self.path(name)), qemu, daemon)
        return daemon, qemu

    def goes_on(self, step, daemon, qemu):
        """Runs the guest up to its step `step`, and migrates it to a file. Returns
        the version of the state there."""
        if step > 1:
            self.share('go%d' % (step - 1), b'')
        qemu.command('cont')
        line = qemu.wait_line('^at step %d: ' % step)
        word = ('one', 'two', 'three', 'four')[step - 1]
        self.assertIn('read %s, found sub, one' % word, line)
        name = 'vm%d' % step
        self.assert_completed(qemu.save(self.path(name)), qemu, daemon)
        qemu.stop()
        daemon.stop()
        self.assertEqual(
            self.read('share/log.txt').decode(),
            ''.join('step %d\n' % (i + 1) for i in range(step)))
        # The root, two folders, two files, and the files that it waited for.
        info = self.devstate('info', self.path(name))
        self.assertRegex(info, r'inodes +%d\n' % (4 + step))
        verified = self.devstate('verify', self.path(name))
        return re.search(r'whole: a state of (virtiofsd V\d),', verified)[1]

    def test_down_to_the_first_release_and_up_again(self):
        version = self.goes_on(1, *self.start(foreign_testing.NEWEST,
                                              incoming=False))
        self.assertEqual(version, 'virtiofsd V2')
        # The first release does not take it as it is.
        daemon, qemu = self.start(foreign_testing.FIRST)
        self.assert_failed(qemu.load(self.path('vm1')), qemu, daemon)
        daemon.wait_line('Failed to load state')
        qemu.stop()
        daemon.stop()
        self.convert('vm1', 'portable', '--to', virtiofsd_case.PORTABLE)
        self.convert('portable', 'v1', '--to', 'virtiofsd', '--version', 'V1')
        self.inject('vm1', 'v1', 'downgraded')
        version = self.goes_on(2, *self.load('downgraded',
                                             foreign_testing.FIRST))
        self.assertEqual(version, 'virtiofsd V1')
        version = self.goes_on(3, *self.load('vm2', None))
        self.assertEqual(version, 'virtiofsd V2')
        self.goes_on(4, *self.load('vm3', foreign_testing.NEWEST,
                                   program=harness.NEWEST_QEMU))


if __name__ == '__main__':
    foreign_testing.require_virtiofsd(foreign_testing.FIRST,
                                      foreign_testing.NEWEST)
    guest.require()
    harness.require_newest_qemu()
    harness.main()
