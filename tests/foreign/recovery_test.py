# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""virtiofsd dies, and another one goes on with an older state than the guest has.

Skipped where there is no virtiofsd: install.sh in this folder gets one.
"""

import errno
import json
import os
import re
import shlex
import signal
import subprocess
import threading
import time

import foreign_testing
import fuse_guest


class RecoveryTest(foreign_testing.ForeignTest):

    def setUp(self):
        super().setUp()
        for name in ('kept', 'since', 'later'):
            self.write('share/' + name, b'contents of %s' % name.encode())

    def guest(self, name):
        guest = fuse_guest.FuseGuest(self.path(name))
        self.addCleanup(guest.close)
        return guest

    def open_after_a_checkpoint(self):
        """What a guest has that opens a file after its state was saved."""
        self.start_virtiofsd('old')
        guest = self.guest('old')
        guest.start()
        guest.mount()
        kept = guest.open('kept')
        guest.stop()
        self.write('checkpoint', guest.save())
        guest.start()
        since = guest.open('since')
        self.assertEqual(guest.read(*since), b'contents of since')
        return kept, since

    def recovered_from(self, state, kept):
        """The guest on a new virtiofsd that has this state."""
        self.start_virtiofsd(state + '.sock')
        guest = self.guest(state + '.sock')
        guest.load(self.read(state))
        guest.start()
        self.assertEqual(guest.read(*kept), b'contents of kept')
        return guest

    def test_without_a_raise_an_open_file_becomes_another_one(self):
        kept, since = self.open_after_a_checkpoint()
        guest = self.recovered_from('checkpoint', kept)
        self.assertEqual(guest.open('later'), since)
        self.assertEqual(guest.read(*since), b'contents of later')

    def test_after_a_raise_an_open_file_is_an_error(self):
        kept, since = self.open_after_a_checkpoint()
        self.run_command([foreign_testing.DEVSTATE, 'raise',
                          self.path('checkpoint'), '-o',
                          self.path('raised.dstate')])
        self.convert('raised.dstate', 'raised', '--to', 'virtiofsd')
        guest = self.recovered_from('raised', kept)
        later = guest.open('later')
        self.assertGreater(later[0], since[0] + (1 << 39))
        self.assertGreater(later[1], since[1] + (1 << 39))
        self.assertEqual(guest.read(*since), errno.EBADF)
        self.assertEqual(guest.read(*later), b'contents of later')
        self.assertEqual(guest.read(*guest.open('since')), b'contents of since')

    def proxy(self, *flags):
        self.command = shlex.join(foreign_testing.virtiofsd()) + (
            ' --fd {fd} --sandbox none --migration-on-error guest-error'
            ' --shared-dir ' + self.path('share'))
        self.log = []
        self.process = self.spawn(
            [foreign_testing.DEVSTATE, 'proxy', '--listen', self.path('front'),
             '--control', self.path('control'), '--command', self.command,
             *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        # A wait without an end ends here.
        timer = threading.Timer(foreign_testing.PATIENCE, self.process.kill)
        timer.start()
        self.addCleanup(timer.cancel)
        self.addCleanup(self.process.terminate)
        return int(self.wait_for(r'back-end started, process (\d+)')[1])

    def wait_for(self, pattern):
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(pattern, line)
            if found:
                return found
        self.fail('no %r in %s' % (pattern, ''.join(self.log)))

    def test_the_proxy_starts_a_back_end_again_that_died(self):
        pid = self.proxy('--checkpoint', '2')
        self.wait_for(': ready$')
        guest = self.guest('front')
        guest.start()
        guest.mount()
        kept = guest.open('kept')
        for _ in range(3):
            self.wait_for('can be started again from now on')
            since = guest.open('since')
            self.assertEqual(guest.read(*since), b'contents of since')
            os.kill(pid, signal.SIGKILL)
            # Whatever it was asked before it ended is done by the next one.
            guest.submit(fuse_guest.READ, kept[0],
                         fuse_guest.read_body(kept[1]))
            self.assertEqual(guest.answer(), b'contents of kept')
            report = json.loads(self.wait_for(r'recovery: (\{.*\})$')[1])
            self.assertTrue(report['recovered'])
            self.assertGreater(int(report['next_handle']), since[1] + (1 << 39))
            later = guest.open('later')
            self.assertEqual(guest.read(*since), errno.EBADF)
            self.assertEqual(guest.read(*later), b'contents of later')
            pid = self.child()

    def test_a_checkpoint_that_was_forgotten_is_taken_again_at_once(self):
        self.proxy('--checkpoint', '3600')
        guest = self.guest('front')
        guest.start()
        guest.mount()
        kept = guest.open('kept')
        self.upgrade('back-end exchanged', '--command', self.command)
        guest.stop()
        guest.start()
        self.wait_for('can be started again from now on')
        self.upgrade('took over from another program', '--itself')
        os.kill(self.child(), signal.SIGKILL)
        guest.submit(fuse_guest.READ, kept[0], fuse_guest.read_body(kept[1]))
        self.assertEqual(guest.answer(), b'contents of kept')

    def upgrade(self, line, *flags):
        """Exchanges something, after which the next checkpoint comes."""
        self.run_command([foreign_testing.DEVSTATE, 'upgrade', '--proxy',
                          self.path('control'), *flags])
        self.wait_for(line)
        self.wait_for('can be started again from now on')

    def freeze(self, pid):
        """Stops all threads of a process, and returns when they are."""
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(self.thaw, pid)
        folder = '/proc/%d/task' % pid
        end = time.monotonic() + foreign_testing.PATIENCE
        while {self.state(os.path.join(folder, task, 'stat'))
               for task in os.listdir(folder)} != {'T'}:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    @staticmethod
    def thaw(pid):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    @staticmethod
    def state(path):
        with open(path, encoding='ascii') as stat:
            return stat.read().rsplit(')', 1)[1].split()[0]

    def child(self):
        path = '/proc/%d/task/%d/children' % (self.process.pid,
                                              self.process.pid)
        with open(path, encoding='ascii') as children:
            child, = children.read().split()
            return int(child)

    def test_a_request_under_way_is_done_again(self):
        pid = self.proxy('--checkpoint', '1')
        guest = self.guest('front')
        guest.start()
        guest.mount()
        kept = guest.open('kept')
        self.wait_for('can be started again from now on')
        self.freeze(pid)
        guest.submit(fuse_guest.READ, kept[0], fuse_guest.read_body(kept[1]))
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(guest.answer(), b'contents of kept')
        report = json.loads(self.wait_for(r'recovery: (\{.*\})$')[1])
        self.assertEqual(report['repeated_requests'], '1')

    def test_a_hang_is_noticed(self):
        pid = self.proxy('--checkpoint', '3600')
        guest = self.guest('front')
        guest.start()
        guest.mount()
        kept = guest.open('kept')
        self.freeze(pid)
        guest.submit(fuse_guest.READ, kept[0], fuse_guest.read_body(kept[1]))
        self.wait_for('ring 1 stalls: 1 requests and none done for 10s')
        self.thaw(pid)
        self.assertEqual(guest.answer(), b'contents of kept')
        self.wait_for('ring 1 goes on')

    def test_a_thread_pool_is_refused(self):
        done = subprocess.run(
            [foreign_testing.DEVSTATE, 'proxy', '--listen', self.path('front'),
             '--checkpoint', '1', '--command',
             'virtiofsd --fd {fd} --thread-pool-size=4'],
            stderr=subprocess.PIPE, text=True, check=False,
            timeout=foreign_testing.PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn('--thread-pool-size 4', done.stderr)


if __name__ == '__main__':
    foreign_testing.main()
