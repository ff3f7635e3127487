# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at a random moment to QEMU, the proxy or virtiofsd, in rounds. The
others must not hang, the log must say what happened, and no process may be left.

A few rounds by default. `kill_test.py --rounds 100 --seed N` makes more of them,
and repeats those of a seed. Skipped where proxy_test.py is.
"""

import argparse
import os
import random
import signal
import sys
import threading
import time

import foreign_testing
import fuse_guest
import guest
import harness
import proxy_case

# When, and up to how many seconds after its beginning: while the guest arrives,
# while it writes, during an exchange of the back-end, and during one of the proxy.
MOMENTS = {'start': 1.0, 'writing': 0.5, 'exchange': 0.3, 'replacement': 0.3}
VICTIMS = ('front-end', 'proxy', 'back-end')
FLAGS = argparse.Namespace(rounds=12, seed=None)


def lives(pid):
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii') as stat:
            return stat.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    except OSError:
        return False


def children(pid):
    try:
        with open('/proc/%d/task/%d/children' % (pid, pid),
                  encoding='ascii') as listed:
            return [int(child) for child in listed.read().split()]
    except OSError:
        return []


class KillTest(proxy_case.ProxyCase):

    def all_of(self, pid):
        """A process and all that descend from it."""
        return [pid] + [member for child in children(pid)
                        for member in self.all_of(child)]

    def watch(self, proxy, seen, stop):
        """Keeps the numbers of all processes that the proxy ever has."""
        while not stop.wait(0.002):
            seen.update(self.all_of(proxy.process.pid))

    def ask(self, proxy, moment):
        """Starts what a moment is in the middle of."""
        what = {'exchange': ['--command', self.command],
                'replacement': ['--itself']}.get(moment)
        if what is None:
            return None
        asked = harness.Process([foreign_testing.DEVSTATE, 'upgrade', '--proxy',
                                 proxy.path + '.control', *what])
        self.addCleanup(asked.stop)
        return asked

    def victim_of(self, victim, qemu, proxy, rng):
        if victim == 'front-end':
            return qemu.process.pid
        if victim == 'proxy':
            return proxy.process.pid
        return rng.choice(children(proxy.process.pid) or [0])

    def migrated_guest(self):
        """A file with a guest that writes: it starts faster than it boots."""
        proxy = self.proxy()
        qemu = self.machine(proxy)
        qemu.command('cont')
        qemu.wait_line('^writing')
        self.assert_completed(qemu.save(self.path('vm.mig')), qemu, proxy)
        qemu.stop()
        proxy.stop()

    def machine(self, proxy, incoming=False):
        return self.qemu(proxy, incoming=incoming, memory=guest.MEMORY,
                         extra=self.flags)

    def bring_to(self, moment, qemu, proxy):
        """Starts what the moment is in the middle of."""
        if moment == 'start':
            qemu.command('migrate-incoming', uri='file:' + self.path('vm.mig'),
                         exit_on_error=False)
            return None
        self.assert_completed(qemu.load(self.path('vm.mig')), qemu, proxy)
        qemu.command('cont')
        self.grows()
        return self.ask(proxy, moment)

    def round(self, victim, moment, delay, rng):
        proxy = self.proxy()
        qemu = self.machine(proxy, incoming=True)
        seen = set()
        stop = threading.Event()
        watcher = threading.Thread(target=self.watch, args=(proxy, seen, stop))
        watcher.start()
        try:
            asked = self.bring_to(moment, qemu, proxy)
            threading.Event().wait(delay)
            pid = self.victim_of(victim, qemu, proxy, rng)
            if pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass  # a back-end that was just exchanged
            self.check(victim, qemu, proxy)
            # Whoever asked gets an answer or the end of the connection.
            if asked is not None:
                self.assertIn(asked.wait_exit(), (0, 1, 2), asked.log)
        finally:
            stop.set()
            watcher.join()
            qemu.stop()
        if proxy.process.poll() is None:
            proxy.process.terminate()
            self.assertEqual(proxy.wait_exit(), 0, proxy.log)
        harness.eventually(lambda: not any(map(lives, seen)),
                           'the end of %s' % seen)

    def check(self, victim, qemu, proxy):
        if victim == 'front-end':
            qemu.wait_exit()
            proxy.wait_line('connection over: (front-end|back-end): ')
            # The next front-end is served.
            fuse_guest.FuseGuest(proxy.path).close()
            return
        if victim == 'proxy':
            proxy.wait_exit()
        else:
            proxy.wait_line('was ended by signal 9|exchange: .*closed')
        # QEMU goes on without the device, and ends when it is told to.
        self.assertTrue(qemu.run_state())
        self.assertEqual(qemu.quit(), 0, qemu.log)

    def test_nothing_hangs_and_nothing_is_left(self):
        print('seed', FLAGS.seed, flush=True)
        rng = random.Random(FLAGS.seed)
        self.flags = guest.make_initrd(self.folder, proxy_case.WRITER)
        self.flags += ['-serial', 'stdio']
        self.migrated_guest()
        plan = [(victim, moment) for moment in MOMENTS for victim in VICTIMS]
        for number in range(FLAGS.rounds):
            if number % len(plan) == 0:
                rng.shuffle(plan)
            victim, moment = plan[number % len(plan)]
            delay = rng.uniform(0, MOMENTS[moment])
            start = time.monotonic()
            with self.subTest(round=number, victim=victim, moment=moment,
                              delay=delay):
                self.round(victim, moment, delay, rng)
            print('round %d: %s, %s + %.0f ms, %.1f s' %
                  (number, victim, moment, delay * 1000,
                   time.monotonic() - start), flush=True)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument('--rounds', type=int, default=FLAGS.rounds)
    parser.add_argument('--seed', type=int,
                        default=random.SystemRandom().randrange(1 << 32))
    parser.parse_known_args(namespace=FLAGS)
    del sys.argv[1:]
    foreign_testing.require_virtiofsd()
    guest.require()
    harness.main()
