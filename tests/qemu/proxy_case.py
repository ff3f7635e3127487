# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests with a guest, a real virtiofsd and a proxy between them share."""

import json
import os
import shlex
import subprocess

import foreign_testing
import guest
import harness
import virtiofsd_case

# Appends numbers until it is told to stop, with a file half read.
WRITER = '''
mount -t virtiofs t0 /mnt
exec 3>>/mnt/log.txt 4</mnt/lines.txt
read line <&4
echo "read $line"
echo writing
i=0
while [ ! -e /mnt/stop ]; do echo $i >&3; i=$((i + 1)); done
read line <&4
echo "read $line"
echo "wrote $i"
echo 'done'
'''


class Proxy(harness.Process):

    def __init__(self, path, *flags):
        super().__init__([foreign_testing.DEVSTATE, 'proxy', '--listen', path,
                          '--control', path + '.control', *flags])
        self.path = path
        self.wait_line(': ready$')

    def stop(self):
        # Its back-end ends with it.
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(harness.PATIENCE)
        super().stop()


class ProxyCase(virtiofsd_case.VirtiofsdCase):

    def setUp(self):
        super().setUp()
        self.share('log.txt', b'')
        self.share('lines.txt', b'one\ntwo\nthree\n')
        # Not all who ask for another back-end need one.
        self.command = self.command_of()

    def command_of(self, release=None, *flags):
        """The command of a back-end: a release of virtiofsd with flags."""
        return ' '.join((shlex.join(foreign_testing.virtiofsd(release) or ()),
                         '--fd {fd} --sandbox none --shared-dir', self.shared,
                         *flags))

    def with_handles(self, release=None):
        """The command of one that finds files by their handles, also those that
        have no name any more."""
        return self.command_of(release, '--modcaps=+dac_read_search',
                               '--migration-mode file-handles',
                               '--inode-file-handles=mandatory')

    def capabilities(self, command):
        """The file with what a back-end has to offer."""
        path = self.path('capabilities.json')
        with open(path, 'wb') as file:
            subprocess.run([foreign_testing.DEVSTATE, 'proxy',
                            '--print-capabilities', '--command', command],
                           stdin=subprocess.DEVNULL, stdout=file,
                           timeout=harness.PATIENCE, check=True)
        return path

    def proxy(self, *flags, backend=None):
        """One whose back-end is named by `backend`, a virtiofsd otherwise."""
        self.count += 1
        proxy = Proxy(self.path('p%d' % self.count),
                      *(backend or ('--command', self.command)), *flags)
        self.addCleanup(proxy.stop)
        return proxy

    def guest(self, proxy, script, incoming=False, memory=guest.MEMORY,
              extra=(), programs=()):
        folder = self.path('guest-%d' % self.count)
        os.mkdir(folder)
        return self.qemu(proxy, incoming=incoming, memory=memory,
                         extra=guest.make_initrd(folder, script,
                                                 programs=programs) +
                         ['-serial', 'stdio', *extra])

    def upgrade(self, proxy, *flags, exit_code=0):
        return json.loads(self.devstate(
            'upgrade', '--proxy', proxy.path + '.control', '--format', 'json',
            *flags, exit_code=exit_code))

    def log_size(self):
        return os.path.getsize(self.path('share/log.txt'))

    def grows(self):
        size = self.log_size()
        harness.eventually(lambda: self.log_size() > size, 'the guest to write')

    def assert_nothing_lost(self, qemu):
        """Ends the WRITER, and looks at what it read and wrote."""
        self.assert_wrote_all(qemu)
        self.assertRegex(qemu.log, r'read one\r?\n(.*\n)*read two')

    def assert_wrote_all(self, qemu):
        """Ends the WRITER, and looks at what it wrote."""
        self.share('stop', b'')
        qemu.wait_line('^done')
        written = int(qemu.wait_line(r'^wrote \d+').split()[1])
        self.assertEqual(self.read('share/log.txt').decode().split(),
                         [str(number) for number in range(written)])
