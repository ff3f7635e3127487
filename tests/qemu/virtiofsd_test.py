# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""virtiofsd's own states under QEMU, with devstate between two machines.

Skipped where QEMU or virtiofsd is too old or not there: tests/qemu/install.sh
and tests/foreign/install.sh install them.
"""

import json
import shutil

import foreign_testing
import harness
import virtiofsd_case

# Written by virtiofsd, with its default options, for a guest that works with
# files.
OPEN_FILES = 'foreign/states/virtiofsd/testdata/open-fp.state'


class VirtiofsdTest(virtiofsd_case.VirtiofsdCase):

    def setUp(self):
        super().setUp()
        # What the guest of OPEN_FILES had looked up and opened.
        for name, contents in (('a.txt', b'one line\n'), ('log.txt', b''),
                               ('dir/b.bin', b'\0\1\2'), ('dir/sub/c', b'c')):
            self.share(name, contents)

    def save(self, name):
        """A machine with a new virtiofsd is migrated to a file."""
        daemon = self.virtiofsd()
        qemu = self.qemu(daemon)
        self.assert_completed(qemu.save(self.path(name)), qemu, daemon)
        qemu.stop()
        daemon.stop()

    def load(self, name, completes=True):
        """A new machine and a new virtiofsd load the file. Returns the state
        that virtiofsd then has, or its log."""
        daemon = self.virtiofsd()
        qemu = self.qemu(daemon, incoming=True)
        info = qemu.load(self.path(name))
        if not completes:
            self.assert_failed(info, qemu, daemon)
            qemu.stop()
            return daemon.log
        self.assert_completed(info, qemu, daemon)
        again = self.path(name + '-again')
        self.assert_completed(qemu.save(again), qemu, daemon)
        qemu.stop()
        daemon.stop()
        self.devstate('qemu', 'extract', again, '-o', again + '.state')
        return self.read(name + '-again.state')

    def round_trip(self, file, state):
        """`state`, from `file`, goes over the portable form and comes back, and
        as V2 and V1 through another machine."""
        self.convert(file, 'portable', '--to', virtiofsd_case.PORTABLE)
        self.devstate('verify', self.path('portable'))
        self.devstate('diff', self.path(file), self.path('portable'))
        self.convert('portable', 'v2', '--to', 'virtiofsd', '--version', 'V2')
        self.assertEqual(self.read('v2'), state)
        self.convert('portable', 'v1', '--to', 'virtiofsd', '--version', 'V1')
        self.assertEqual(self.read('v1')[0], 0)
        for version in ('v2', 'v1'):
            with self.subTest(version):
                injected = version + '.mig'
                self.inject(file, version, injected)
                self.assertIn(
                    'virtiofsd ' + version.upper(),
                    self.devstate('info', self.path(injected)))
                self.assertEqual(self.load(injected), state)

    def test_state_of_a_guest_that_has_not_mounted(self):
        self.save('vm.mig')
        vm = self.path('vm.mig')
        listed = json.loads(self.devstate('qemu', 'list', '--format', 'json',
                                          vm))['devices']
        self.assertEqual([device['kind'] for device in listed], ['virtiofsd'])
        device = listed[0]['device']
        self.devstate('qemu', 'extract', vm, '--device', device, '-o',
                      self.path('state'))
        state = self.read('state')
        self.assertEqual(len(state), listed[0]['bytes'])
        self.assertIn('next_inode: 2\n',
                      self.devstate('dump', vm, '--device', device))
        self.inject('vm.mig', 'state', 'same.mig')
        self.assertEqual(self.read('same.mig'), self.read('vm.mig'))
        self.round_trip('vm.mig', state)

    def test_state_with_open_files(self):
        shutil.copyfile(OPEN_FILES, self.path('state'))
        self.save('idle.mig')
        self.inject('idle.mig', 'state', 'vm.mig')
        info = self.devstate('info', self.path('vm.mig'))
        self.assertRegex(info, r'inodes +7\n')
        self.assertRegex(info, r'handles +3\n')
        self.assertIn('name: "log.txt"',
                      self.devstate('dump', self.path('vm.mig')))
        # Without a machine, too.
        daemon = self.virtiofsd()
        self.assertIn('loaded 92 bytes, accepted', self.devstate(
            'load', '--socket', daemon.path, self.path('vm.mig')))
        daemon.stop()
        self.round_trip('vm.mig', self.read('state'))

    def test_state_that_does_not_load_is_refused_before_as_well(self):
        with open(OPEN_FILES, 'rb') as file:
            state = file.read()
        self.save('idle.mig')
        with open(self.path('cut'), 'wb') as file:
            file.write(state[:50])
        self.inject('idle.mig', 'cut', 'cut.mig')
        self.assertIn('0x32: inode 6 of 7', self.devstate(
            'verify', self.path('cut.mig'), exit_code=3))
        self.assertIn('Failed to load state', self.load('cut.mig', False))
        # virtiofsd loads this one: O_TRUNC would empty the file.
        flags = state.index(b'\0\4\0\x80\x80\4') + 3
        with open(self.path('bad'), 'wb') as file:
            # 0101000 in zigzag: O_TRUNC of a file that was open for reading.
            file.write(state[:flags] + b'\x80\x88\4' + state[flags + 3:])
        self.inject('idle.mig', 'bad', 'bad.mig')
        self.assertIn('foreign-open-flags', self.devstate(
            'verify', self.path('bad.mig'), exit_code=1))


if __name__ == '__main__':
    foreign_testing.require_virtiofsd()
    harness.main()
