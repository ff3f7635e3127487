# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest keeps a TCP connection to the host while its passt is exchanged for
another one, and when it migrates.

Skipped where QEMU, passt or the guest is not there: tests/qemu/install.sh,
install_passt.sh and install_guest.sh get them. passt's helper needs root.
"""

import contextlib
import json
import os
import socket
import threading

import guest
import harness
import proxy_case

PASST = '/opt/devstate/passt/passt'
HELPER = '/opt/devstate/passt-repair/passt-repair'
EXCHANGES = 2
# What passt writes without a connection, and for one whose queues are empty.
HEADER = 62
CONNECTION = 164

SCRIPT = '''
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
i=0
while true; do echo $i; i=$((i + 1)); sleep 0.1; done | nc 10.0.2.2 %d
'''


class Listener:
    """Keeps the lines of the one connection that comes."""

    def __init__(self):
        self.lines = []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        with self.listener:
            connection, _ = self.listener.accept()
        with connection, connection.makefile() as lines:
            for line in lines:
                self.lines.append(line.strip())

    def grows(self):
        count = len(self.lines)
        harness.eventually(lambda: len(self.lines) > count + 1,
                           'more than %d lines of the guest' % count)


class ProxyPasstTest(proxy_case.ProxyCase):

    def passt(self):
        """A new one's command and the path at which it waits for a helper, for
        which one waits already."""
        self.count += 1
        folder = self.path('repair%d' % self.count)
        os.mkdir(folder)
        self.helper(folder, self.watches)
        path = os.path.join(folder, 'passt.repair')
        return (PASST + ' --vhost-user -f --runas 0 -s {socket} -a 10.0.2.15 '
                '-n 24 -g 10.0.2.2 --repair-path ' + path), path

    def helper(self, path, ready):
        """One serves a load or a save of one passt, and ends."""
        helper = harness.Process([HELPER, path])
        self.addCleanup(helper.stop)
        harness.eventually(lambda: ready(helper), 'a helper')

    @staticmethod
    def watches(helper):
        folder = '/proc/%d/fdinfo' % helper.process.pid
        for name in os.listdir(folder):
            # Others may be closed meanwhile.
            with contextlib.suppress(FileNotFoundError), \
                    open(os.path.join(folder, name), encoding='ascii') as info:
                if 'inotify wd:' in info.read():
                    return True
        return False

    def may_save(self, proxy, path):
        start = proxy.mark()
        self.helper(path, lambda helper: 'Accepted TCP_REPAIR helper' in
                    '\n'.join(proxy.lines[start:]))

    def passt_proxy(self, command):
        return self.proxy('--implementation', 'passt',
                          backend=('--command', command))

    def machine(self, proxy, **options):
        return self.qemu(proxy, devices=['net'], memory=guest.MEMORY,
                         extra=self.flags, **options)

    def test_a_connection_outlives_exchanges_and_a_migration(self):
        listener = Listener()
        self.flags = guest.make_initrd(self.folder, SCRIPT % listener.port,
                                       guest.NET) + ['-serial', 'stdio']
        # The first one loads nothing, so its helper is there for the first save.
        command, _ = self.passt()
        path = None
        proxy = self.passt_proxy(command)
        qemu = self.machine(proxy)
        qemu.command('cont')
        listener.grows()
        for _ in range(EXCHANGES):
            command, following = self.passt()
            if path is not None:
                self.may_save(proxy, path)
            report = self.upgrade(proxy, '--implementation', 'passt',
                                  '--command', command)
            self.assertTrue(report['exchanged'], proxy.log)
            self.assertGreaterEqual(int(report['state_bytes']),
                                    HEADER + CONNECTION)
            print('rings stopped for %.1f ms' % report['stopped_milliseconds'],
                  flush=True)
            path = following
            listener.grows()
        self.may_save(proxy, path)
        self.assert_completed(qemu.save(self.path('vm.mig')), qemu, proxy)
        qemu.stop()
        proxy.stop()
        device, = json.loads(self.devstate('qemu', 'list', '--format', 'json',
                                           self.path('vm.mig')))['devices']
        self.assertEqual(device['kind'], 'devstate')
        command, _ = self.passt()
        destination = self.passt_proxy(command)
        qemu = self.machine(destination, incoming=True)
        self.assert_completed(qemu.load(self.path('vm.mig')), qemu, destination)
        qemu.command('cont')
        listener.grows()
        count = len(listener.lines)
        self.assertEqual(listener.lines[:count],
                         [str(number) for number in range(count)])


if __name__ == '__main__':
    if not all(os.access(path, os.X_OK) for path in (PASST, HELPER)):
        harness.skip('no passt', 'tests/qemu/install_passt.sh')
    if os.geteuid() != 0:
        harness.skip('no root', 'nobody')
    guest.require(guest.NET)
    harness.main()
