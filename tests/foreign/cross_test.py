# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""States that cross from one implementation of virtio-fs to another.

A real virtiofsd (1.13 or later) on one side, the example back-end on the other,
`devstate convert` between them. Skipped as virtiofsd_test.py is.
"""

import os
import shutil

import foreign_testing

DEVSTATE = foreign_testing.DEVSTATE
FIXTURES = 'foreign/states/virtiofsd/testdata/'


class CrossTest(foreign_testing.ForeignTest):

    def setUp(self):
        super().setUp()
        # What the guest of open-fp.state had looked up and opened.
        self.write('share/a.txt', b'one line\n')
        self.write('share/log.txt', b'')
        self.write('share/dir/b.bin', b'\0\1\2')
        self.write('share/dir/sub/c', b'c')

    def fixture(self, name):
        shutil.copyfile(FIXTURES + name, self.path(name))
        return name

    def test_never_mounted_state_comes_back_byte_for_byte(self):
        self.start_virtiofsd('from')
        self.run_command([DEVSTATE, 'save', '--socket', self.path('from'),
                          '-o', self.path('state')])
        self.convert('state', 'portable', '--to', 'devices.fs.v1')
        self.run_command([DEVSTATE, 'verify', self.path('portable')])
        self.convert('portable', 'back', '--to', 'virtiofsd')
        self.assertEqual(self.read('back'), self.read('state'))
        self.start_virtiofsd('to')
        self.run_command([DEVSTATE, 'load', '--socket', self.path('to'),
                          self.path('back')])

    def test_mounted_state_goes_over_the_example_and_back(self):
        state = self.fixture('open-fp.state')
        self.convert(state, 'portable', '--to', 'devices.fs.v1')
        self.start_fs_backend('example', '--await-load', '--table-out',
                              self.path('table'))
        self.run_command([DEVSTATE, 'load', '--socket', self.path('example'),
                          self.path('portable')])
        table = self.read('table').decode()
        self.assertEqual(table.count('inode '), 7 + 3 + 1, table)
        self.assertIn(' parent 2 refcount 4 ', table)
        self.assertIn('open 2 inode 6 flags 100002\n', table)
        self.run_command([DEVSTATE, 'save', '--socket', self.path('example'),
                          '-o', self.path('saved')])
        findings = self.convert('saved', 'back', '--to', 'virtiofsd')
        self.assertNotIn('[', findings)
        self.assertEqual(self.read('back'), self.read(state))
        self.start_virtiofsd('to')
        self.frontend('to', 'pipe', ('load', 'back'), ('save', 'again'))
        self.convert('again', 'portable-again', '--to', 'devices.fs.v1')
        self.assertEqual(self.read('portable-again'), self.read('portable'))

    def test_downgraded_state_loads_as_well(self):
        self.convert(self.fixture('open-fp.state'), 'portable', '--to',
                     'devices.fs.v1')
        self.convert('portable', 'v1', '--to', 'virtiofsd', '--version', 'V1')
        self.assertEqual(self.read('v1')[0], 0)
        self.start_virtiofsd('to')
        self.frontend('to', 'memfd', ('load', 'v1'), ('save', 'v2'))
        self.assertEqual(self.read('v2'), self.read('open-fp.state'))

    def test_table_of_the_example_loads_into_virtiofsd(self):
        self.start_fs_backend('example')
        self.run_command([DEVSTATE, 'save', '--socket', self.path('example'),
                          '-o', self.path('saved')])
        findings = self.convert('saved', 'state', '--to', 'virtiofsd')
        self.assertIn('lossy [foreign-dropped] the mode of 7 inodes', findings)
        self.assertIn('defaulted [foreign-session]', findings)
        self.start_virtiofsd('to')
        self.frontend('to', 'pipe', ('load', 'state'))

    def test_virtiofsd_looks_for_what_the_state_names(self):
        self.convert(self.fixture('open-fp.state'), 'portable', '--to',
                     'devices.fs.v1')
        self.convert('portable', 'state', '--to', 'virtiofsd')
        os.remove(self.path('share/dir/b.bin'))
        self.start_virtiofsd('to')
        self.frontend('to', 'pipe', ('load', 'state'), exit_code=1)
        self.start_fs_backend('example', '--await-load')
        self.run_command([DEVSTATE, 'load', '--socket', self.path('example'),
                          self.path('portable')], exit_code=1)


if __name__ == '__main__':
    foreign_testing.main()
