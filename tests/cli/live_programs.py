# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that serve at a socket, and a front-end of vhost-user for them."""

import os
import re
import signal
import socket
import struct
import subprocess
import threading

PATIENCE = 100  # seconds

GET_FEATURES = 1
SET_VRING_NUM = 8
SET_PROTOCOL_FEATURES = 16
SET_DEVICE_STATE_FD = 42
CHECK_DEVICE_STATE = 43
DEVICE_STATE = 1 << 19
SAVE, LOAD = 0, 1
NO_FD = 1 << 8


class Process:
    """A program whose lines of one stream are read until one matches."""

    def __init__(self, command, stream, patience=PATIENCE, **options):
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, text=True,
            **{'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL,
               stream: subprocess.PIPE}, **options)
        self.stream = getattr(self.process, stream)
        self.lines = []
        self.reader = None
        # A wait without an end ends here.
        self.timer = threading.Timer(patience, self.process.kill)
        self.timer.start()

    def wait_for(self, pattern):
        for line in self.stream:
            self.lines.append(line)
            found = re.search(pattern, line)
            if found:
                return found
        raise AssertionError('no %r in %s' % (pattern, ''.join(self.lines)))

    def read_on(self):
        """Takes all further lines, so that the program never waits for that."""
        self.reader = threading.Thread(
            target=lambda: self.lines.extend(self.stream))
        self.reader.start()

    def end(self, number=signal.SIGTERM):
        """Sends a signal unless it has ended; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        if self.reader is not None:
            self.reader.join()
        if not self.stream.closed:
            self.lines += self.stream.readlines()
            self.stream.close()
        code = self.process.wait()
        self.timer.cancel()
        return code


class FrontEnd:
    """A connection to a back-end."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)

    def close(self):
        self.socket.close()

    def send(self, request, payload=b'', fds=()):
        socket.send_fds(self.socket, [
            struct.pack('<III', request, 1, len(payload)) + payload], fds)

    def ask(self, request, payload=b'', fds=()):
        """Sends a request and returns the u64 that it is answered with."""
        self.send(request, payload, fds)
        reply = self.socket.recv(20, socket.MSG_WAITALL)
        assert struct.unpack('<III', reply[:12]) == (request, 5, 8), reply
        return struct.unpack('<Q', reply[12:])[0]

    def features(self):
        """Asks for what every back-end answers, after all that came before."""
        return self.ask(GET_FEATURES)

    def negotiate(self):
        self.features()
        self.send(SET_PROTOCOL_FEATURES, struct.pack('<Q', DEVICE_STATE))
        self.features()

    def set_state(self, direction, fd):
        """Hands a channel over, which the back-end has to take."""
        value = self.ask(SET_DEVICE_STATE_FD,
                         struct.pack('<II', direction, 0), [fd])
        assert value == NO_FD, hex(value)
