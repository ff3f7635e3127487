# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Progress and colour: on a terminal that wants them, and nowhere else."""

import json
import fcntl
import os
import pty
import select
import subprocess
import sys
import tempfile
import termios
import time
import unittest

import deviating_backend

DEVSTATE = os.path.abspath('cli/devstate')
FOREIGN = 'foreign/states/virtiofsd/testdata/open-fp.state'
SCHEMA = os.path.abspath('proto/devices/fs/v1/fs.proto')
GREEN = b'\x1b[1;32m'
CLEAR = b'\r\x1b[K'
PATIENCE = 60  # seconds


class TerminalTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='devstate-', dir='/tmp')
        self.addCleanup(folder.cleanup)
        self.socket = os.path.join(folder.name, 'socket')
        backend = subprocess.Popen(
            ['python3', 'tests/cli/deviating_backend.py', '--socket-path',
             self.socket])
        self.addCleanup(backend.wait)
        self.addCleanup(backend.kill)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self.socket):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def load(self, terminal=True, **environment):
        """Loads a state that takes its time; what standard error got."""
        state = deviating_backend.STATE
        seen = self.feed(['load', '--socket', self.socket, '-'], state,
                         terminal, **environment)
        self.assertIn(b'loaded %d bytes, ' % len(state), seen)
        return seen

    def wait_until_read(self, pipe):
        """Waits until the pipe is empty, so that each piece is read as one."""
        end = time.monotonic() + PATIENCE
        while int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)),
                             sys.byteorder):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def feed(self, command, state, terminal=True, **environment):
        """Gives `state` to the standard input of `command`, bit by bit."""
        variables = {name: value for name, value in os.environ.items()
                     if name not in ('NO_COLOR', 'TERM')}
        variables.update(environment)
        if terminal:
            reader, writer = pty.openpty()
        else:
            reader, writer = os.pipe()
        process = subprocess.Popen(
            [DEVSTATE] + command, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=writer, env=variables)
        os.close(writer)
        seen = b''
        started = time.monotonic()
        size = len(state) // 4 + 1
        for piece in range(4):
            process.stdin.write(state[piece * size:(piece + 1) * size])
            process.stdin.flush()
            self.wait_until_read(process.stdin)
            # Longer than from one drawing to the next.
            time.sleep(0.15)
        process.stdin.close()
        while select.select([reader], [], [], PATIENCE)[0]:
            try:
                part = os.read(reader, 4096)
            except OSError:  # a terminal's end
                break
            if not part:
                break
            seen += part
        os.close(reader)
        self.assertEqual(process.wait(PATIENCE), 0, seen)
        self.elapsed = time.monotonic() - started
        return seen

    def test_progress_is_drawn_and_cleared(self):
        seen = self.load(TERM='xterm')
        self.assertIn(b'\rloading  ', seen)
        draws = seen.count(b'\rloading  ')
        self.assertLessEqual(draws, self.elapsed * 10 + 1)
        # Nothing of it is left in front of the last line.
        self.assertIn(CLEAR + b'loaded ', seen)
        self.assertEqual(seen.count(CLEAR), 1)
        self.assertIn(GREEN + b'accepted\x1b[0m', seen)

    def test_verbs_that_read_a_state_draw_it_as_well(self):
        with open(FOREIGN, 'rb') as file:
            foreign = file.read()
        stream = subprocess.run(
            [DEVSTATE, 'convert', FOREIGN, '--to', 'devices.fs.v1', '-o', '-'],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=True).stdout
        for label, state, verb in ((b'verifying', stream, 'verify'),
                                   (b'reading', stream, 'stats'),
                                   (b'decoding', stream, 'decode'),
                                   (b'dumping', stream, 'dump'),
                                   (b'verifying', foreign, 'verify'),
                                   (b'importing', foreign, 'dump')):
            with self.subTest(verb=verb, size=len(state)):
                seen = self.feed([verb, '-'], state, TERM='xterm')
                self.assertIn(b'\r' + label + b'  ', seen)
                self.assertTrue(seen.endswith(CLEAR), seen)
                self.assertEqual(
                    self.feed([verb, '-'], state, terminal=False,
                              TERM='xterm'), b'')

    def test_encode_and_diff_draw_it_as_well(self):
        folder = os.path.dirname(self.socket)
        stream = os.path.join(folder, 'stream')
        # So large that most of it comes after the header.
        inodes = [{'id': number, 'root': {}} if number == 1 else
                  {'id': number, 'path': {'parent': 1, 'name': str(number)}}
                  for number in range(1, 3000)]
        text = json.dumps({'next_inode': 3000, 'inodes': inodes}).encode()
        subprocess.run([DEVSTATE, 'encode', '-', '--schema', SCHEMA, '-o',
                        stream, '--compression', 'raw'], input=text, check=True)
        with open(stream, 'rb') as file:
            state = file.read()
        seen = self.feed(['diff', stream, '-'], state, TERM='xterm')
        self.assertIn(b'\rcomparing, pass ', seen)
        self.assertTrue(seen.endswith(CLEAR), seen)
        seen = self.feed(['encode', '-', '--schema', SCHEMA, '-o',
                          os.path.join(folder, 'again')], text, TERM='xterm')
        self.assertIn(b'\rreading  ', seen)
        self.assertTrue(seen.endswith(CLEAR), seen)

    def test_no_color_is_honoured(self):
        seen = self.load(TERM='xterm', NO_COLOR='1')
        self.assertIn(b'\rloading  ', seen)
        self.assertNotIn(GREEN, seen)
        self.assertIn(b'accepted by', seen)

    def test_dumb_and_unknown_terminals_get_plain_lines(self):
        for environment in ({'TERM': 'dumb'}, {}):
            seen = self.load(**environment)
            self.assertNotIn(b'\x1b', seen)
            self.assertNotIn(b'loading', seen)

    def test_no_terminal_gets_plain_lines(self):
        seen = self.load(terminal=False, TERM='xterm')
        self.assertEqual(seen.count(b'\n'), 1)
        self.assertNotIn(b'\x1b', seen)
        self.assertNotIn(b'\r', seen)


if __name__ == '__main__':
    unittest.main(verbosity=2)
