# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest with files open on virtiofsd goes through a file, and its state
through devstate, into another machine with another virtiofsd.

Skipped where QEMU, virtiofsd or the guest is not there: tests/qemu/install.sh,
tests/foreign/install.sh and tests/qemu/install_guest.sh get them.
"""

import os

import foreign_testing
import guest
import harness
import virtiofsd_case

# Opens two files and a directory, waits for a file that appears once it runs on
# the destination, and goes on with what it opened.
SCRIPT = '''
mount -t virtiofs t0 /mnt
exec 3>>/mnt/log.txt 4</mnt/dir/sub/lines.txt
cd /mnt/dir
echo 'from the source' >&3
read line <&4
echo "read $line"
echo waiting
while [ ! -e /mnt/go ]; do sleep 0.1; done
echo 'from the destination' >&3
read line <&4
echo "read $line"
echo "found" *
cat sub/lines.txt
echo 'done'
'''


class GuestTest(virtiofsd_case.VirtiofsdCase):

    def setUp(self):
        super().setUp()
        self.share('log.txt', b'')
        self.share('dir/sub/lines.txt', b'one\ntwo\nthree\n')
        self.machine = guest.make_initrd(self.folder, SCRIPT)
        self.machine += ['-serial', 'stdio']

    def guest(self, daemon, incoming=False):
        return self.qemu(daemon, incoming=incoming, memory=guest.MEMORY,
                         extra=self.machine)

    def save_guest(self, name):
        """Runs the guest until it waits, and migrates it to a file."""
        daemon = self.virtiofsd()
        qemu = self.guest(daemon)
        qemu.command('cont')
        qemu.wait_line('^waiting')
        self.assertIn('read one', qemu.log)
        self.assert_completed(qemu.save(self.path(name)), qemu, daemon)
        qemu.stop()
        daemon.stop()

    def goes_on_from(self, name):
        """Loads the guest from a file and lets it finish its work."""
        self.share('log.txt', b'from the source\n')
        daemon = self.virtiofsd()
        qemu = self.guest(daemon, incoming=True)
        self.assert_completed(qemu.load(self.path(name)), qemu, daemon)
        qemu.command('cont')
        self.share('go', b'')
        qemu.wait_line('^done')
        qemu.stop()
        daemon.stop()
        self.assertRegex(qemu.log, r'read two\r?\nfound sub\r?\none\r?\ntwo\r?\n'
                                   r'three\r?\ndone')
        self.assertEqual(self.read('share/log.txt'),
                         b'from the source\nfrom the destination\n')
        os.remove(self.path('share/go'))

    def test_its_open_files_go_on_after_every_way_through_devstate(self):
        self.save_guest('vm.mig')
        vm = self.path('vm.mig')
        self.devstate('qemu', 'extract', vm, '-o', self.path('state'))
        dump = self.devstate('dump', vm)
        for name in ('log.txt', 'lines.txt', 'dir', 'sub'):
            self.assertIn('name: "%s"' % name, dump)
        # The root, two folders and two files.
        self.assertRegex(self.devstate('info', vm), r'inodes +5\n')
        self.devstate('verify', vm)
        self.convert('vm.mig', 'portable', '--to', virtiofsd_case.PORTABLE)
        for version in ('V2', 'V1'):
            self.convert('portable', version, '--to', 'virtiofsd', '--version',
                         version)
            self.inject('vm.mig', version, version + '.mig')
        self.assertEqual(self.read('V2'), self.read('state'))
        self.assertEqual(self.read('V2.mig'), self.read('vm.mig'))
        for name in ('V2.mig', 'V1.mig'):
            with self.subTest(name):
                self.goes_on_from(name)


if __name__ == '__main__':
    foreign_testing.require_virtiofsd()
    guest.require()
    harness.main()
