# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A back-end whose state a real service manager holds: systemd, as a user's
manager in namespaces of its own, so that the machine's is not touched."""

import os
import signal
import socket
import subprocess
import sys
import unittest

import harness
from harness import PATIENCE

SYSTEMD = '/lib/systemd/systemd'
BACKEND = os.path.abspath('examples/fs_backend/fs_backend')
INSIDE = 'DEVSTATE_TEST_NAMESPACES'

UNIT = '''
[Unit]
StartLimitIntervalSec=0

[Service]
ExecStart={backend} --socket-path={folder}/fs.sock --shared-dir={folder}/tree
  --state-fdstore --guest-updates=${{UPDATES}} --table-out={folder}/table
EnvironmentFile={folder}/updates
StandardOutput=append:{folder}/log
FileDescriptorStoreMax=4
Restart=always
RestartSec=0
'''


def why_not():
    """Says why no manager can run here; None if one can."""
    if not os.path.exists(SYSTEMD):
        return 'no ' + SYSTEMD
    tried = subprocess.run(in_namespaces('mount', '-t', 'cgroup2', 'cgroup2',
                                         '/sys/fs/cgroup'),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True)
    if tried.returncode != 0:
        return 'no namespace with control groups: ' + tried.stdout.strip()
    return None


def in_namespaces(*command):
    return ['unshare', '--mount', '--pid', '--fork', '--mount-proc',
            '--cgroup', *command]


class SystemdTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        # The first process of a namespace is not ended by a signal.
        def end(_signal, _frame):
            raise TimeoutError
        signal.signal(signal.SIGALRM, end)
        # The namespaces end with this process, and everything in them.
        for kind, at in (('cgroup2', '/sys/fs/cgroup'), ('tmpfs', '/run')):
            subprocess.run(['mount', '-t', kind, kind, at], check=True)
        cls.folder = '/run/devstate'
        config = cls.folder + '/config'
        for folder in ('/run/user/0', '/run/systemd/system',
                       cls.folder + '/tree', config + '/systemd/user'):
            os.makedirs(folder)
        for number in range(20):
            with open('%s/tree/%d' % (cls.folder, number), 'w',
                      encoding='utf-8'):
                pass
        with open(config + '/systemd/user/fs.service', 'w',
                  encoding='utf-8') as unit:
            unit.write(UNIT.format(backend=BACKEND, folder=cls.folder)
                       .replace('\n  --', ' --'))
        os.mkfifo(cls.folder + '/log')
        # Open for writing, too, so that it has no end between two processes.
        cls.log = os.fdopen(os.open(cls.folder + '/log', os.O_RDWR), 'r',
                            encoding='utf-8')
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(cls.folder + '/notify')
        notify.settimeout(PATIENCE)
        cls.environment = dict(os.environ, XDG_RUNTIME_DIR='/run/user/0',
                               HOME=cls.folder, XDG_CONFIG_HOME=config)
        with open(cls.folder + '/systemd.log', 'w', encoding='utf-8') as log:
            cls.manager = subprocess.Popen(
                [SYSTEMD, '--user', '--unit=basic.target'], stdout=log,
                stderr=log, env=dict(cls.environment,
                                     NOTIFY_SOCKET=cls.folder + '/notify'))
        while b'READY=1' not in notify.recv(4096):
            pass
        notify.close()

    def control(self, *arguments):
        return subprocess.run(['systemctl', '--user', *arguments],
                              env=self.environment, check=True, text=True,
                              stdout=subprocess.PIPE, timeout=PATIENCE).stdout

    def next_start(self):
        """Returns what the next process logs until it serves."""
        lines = []
        signal.alarm(PATIENCE)
        try:
            while not lines or not lines[-1].startswith('listening'):
                lines.append(self.log.readline())
        except TimeoutError:
            with open(self.folder + '/systemd.log', encoding='utf-8') as log:
                self.fail('%sno line more; the manager: %s' % (''.join(lines),
                                                               log.read()))
        signal.alarm(0)
        return ''.join(lines)

    def set_updates(self, updates):
        with open(self.folder + '/updates', 'w', encoding='utf-8') as file:
            file.write('UPDATES=%d\n' % updates)

    def table(self):
        with open(self.folder + '/table', encoding='utf-8') as file:
            return file.read()

    def kill(self):
        pid = int(self.control('show', '-P', 'MainPID', 'fs'))
        os.kill(pid, signal.SIGKILL)

    def test_the_manager_holds_the_state_of_a_back_end_that_is_killed(self):
        self.set_updates(30)
        self.control('start', 'fs')
        self.assertNotIn('loaded', self.next_start())
        for _ in range(5):
            before = self.table()
            self.set_updates(0)
            self.kill()
            self.assertIn('loaded', self.next_start())
            self.assertEqual(self.table(), before)
            stored = int(self.control('show', '-P', 'NFileDescriptorStore',
                                      'fs'))
            self.assertIn(stored, (1, 2))
            self.set_updates(10)
            self.kill()
            self.assertIn('loaded', self.next_start())
            self.assertNotEqual(self.table(), before)
        before = self.table()
        self.set_updates(0)
        self.control('restart', 'fs')
        self.assertIn('loaded', self.next_start())
        self.assertEqual(self.table(), before)
        # A unit that is stopped gives up what was stored for it.
        self.control('stop', 'fs')
        self.control('start', 'fs')
        self.assertNotIn('loaded', self.next_start())


def main():
    if INSIDE in os.environ:
        unittest.main()
    reason = why_not()
    if reason is None:
        os.environ[INSIDE] = '1'
        command = in_namespaces(sys.executable, *sys.argv)
        os.execvp(command[0], command)
    harness.skip(reason, 'tests/recovery/install.sh')


if __name__ == '__main__':
    main()
