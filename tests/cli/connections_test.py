# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Many front-ends, one after the other: a back-end and a proxy keep nothing."""

import os
import tempfile
import unittest

from live_programs import (CHECK_DEVICE_STATE, FrontEnd, LOAD, PATIENCE,
                           Process, SAVE)

DEVSTATE = os.path.abspath('cli/devstate')
FS = os.path.abspath('examples/fs_backend/fs_backend')
CONNECTIONS = int(os.environ.get('CONNECTIONS', '1000'))
# What the allocator may keep between two measurements.
SPARE_KIB = 1 << 10


def silent(front):
    del front


def half_a_message(front):
    front.socket.sendall(b'\1\0\0\0\1\0\0')


def negotiated(front):
    front.negotiate()


def save_that_nobody_reads(front):
    front.negotiate()
    read, write = os.pipe()
    front.set_state(SAVE, write)
    os.close(write)
    os.close(read)


def load_of_half_a_header(front):
    front.negotiate()
    read, write = os.pipe()
    os.write(write, b'DEVSTATE'[:4])
    front.set_state(LOAD, read)
    os.close(read)
    os.close(write)


def load_that_never_comes(front):
    front.negotiate()
    read, write = os.pipe()
    front.set_state(LOAD, read)
    os.close(read)
    front.close()
    os.close(write)


def whole_save(front):
    front.negotiate()
    read, write = os.pipe()
    front.set_state(SAVE, write)
    os.close(write)
    with os.fdopen(read, 'rb') as channel:
        state = channel.read()
    assert state
    assert front.ask(CHECK_DEVICE_STATE) == 0


ENDS = (silent, half_a_message, negotiated, save_that_nobody_reads,
        load_of_half_a_header, load_that_never_comes)


def holds(process):
    """Its descriptors and threads, and its memory in KiB."""
    folder = '/proc/%d/' % process.process.pid
    with open(folder + 'status', encoding='ascii') as file:
        status = dict(line.split(':', 1) for line in file)
    return (len(os.listdir(folder + 'fd')), len(os.listdir(folder + 'task')),
            int(status['VmRSS'].split()[0]))


class ConnectionsTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='devstate-', dir='/tmp')
        self.addCleanup(folder.cleanup)
        self.back_path = os.path.join(folder.name, 'back-end')
        self.front_path = os.path.join(folder.name, 'front-end')
        self.backend = self.start(
            [FS, '--socket-path', self.back_path, '--shared-dir', folder.name],
            'stdout', '^listening')

    def start(self, command, stream, ready):
        process = Process(command, stream, PATIENCE + CONNECTIONS // 10)
        self.addCleanup(process.end)
        process.wait_for(ready)
        process.read_on()
        return process

    def connect(self, path, count, processes):
        """Returns what the processes hold after so many front-ends."""
        for i in range(count):
            front = FrontEnd(path)
            ENDS[i % len(ENDS)](front)
            front.close()
        # Each front-end is served after the one before.
        front = FrontEnd(path)
        whole_save(front)
        held = [holds(process) for process in processes]
        front.close()
        return held

    def check(self, path, *processes):
        self.connect(path, CONNECTIONS // 10, processes)
        before = self.connect(path, CONNECTIONS // 10, processes)
        after = self.connect(path, CONNECTIONS, processes)
        print(before, after)
        for (fds, tasks, kib), (fds2, tasks2, kib2) in zip(before, after):
            self.assertEqual((fds, tasks), (fds2, tasks2))
            self.assertLess(kib2, kib + SPARE_KIB)

    def test_back_end_keeps_nothing_of_its_front_ends(self):
        self.check(self.back_path, self.backend)

    def test_proxy_keeps_nothing_of_its_front_ends(self):
        proxy = self.start(
            [DEVSTATE, 'proxy', '--listen', self.front_path, '--backend',
             self.back_path], 'stderr', ': ready$')
        self.check(self.front_path, proxy, self.backend)


if __name__ == '__main__':
    unittest.main()
