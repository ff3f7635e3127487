# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A back-end that keeps the rules of device state, but for one.

  deviating_backend.py --socket-path PATH [--deviation B7]

The deviation "crash" is to end by a signal at every malformed request,
"acknowledges" is to acknowledge a failed check after its answer, "silent" not to
answer CHECK_DEVICE_STATE, and "refuse" to refuse every transfer. "reopens" is to
make a listener for each connection, as daemons on rust-vmm do: the last one goes
with whoever waits at it.

Written from the vhost-user text alone, without devstate: what the conformance
cases are tried against. Serves one connection after another.
"""

import argparse
import array
import os
import signal
import socket
import struct
import threading

GET_FEATURES = 1
SET_VRING_BASE = 10
GET_VRING_BASE = 11
SET_VRING_CALL = 13
GET_PROTOCOL_FEATURES = 15
SET_PROTOCOL_FEATURES = 16
GET_QUEUE_NUM = 17
SET_DEVICE_STATE_FD = 42
CHECK_DEVICE_STATE = 43

FEATURES = 1 << 26 | 1 << 30 | 1 << 32
PROTOCOL_FEATURES = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 19
DEVICE_STATE = 1 << 19
NEED_REPLY = 8

CONTENTS = bytes(range(256)) * 8
STATE = struct.pack('<Q', len(CONTENTS)) + CONTENTS


class Closed(Exception):
    """The connection is over."""


class Backend:

    def __init__(self, deviation):
        self.deviation = deviation
        self.failed_once = False
        self.loaded_once = False
        self.kept = []  # duplicates that should not be

    def serve(self, connection):
        self.connection = connection
        self.negotiated = 0
        self.base = 0
        self.call = None
        self.worker = None
        self.result = None
        try:
            while True:
                self.handle(*self.receive())
        except Closed:
            pass
        finally:
            if self.call is not None:
                os.close(self.call)

    def receive(self):
        data = b''
        fds = []
        size = 12
        while len(data) < size:
            try:
                part, control, _, _ = self.connection.recvmsg(
                    size - len(data), socket.CMSG_SPACE(8 * 4))
            except ConnectionError as error:
                raise Closed from error
            if not part:
                raise Closed
            for level, kind, value in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds += array.array('i', value).tolist()
            data += part
            if len(data) == 12:
                size = 12 + struct.unpack_from('<I', data, 8)[0]
        request, flags, _ = struct.unpack_from('<III', data)
        return request, flags, data[12:], fds

    def reply(self, request, payload, fds=()):
        data = struct.pack('<III', request, 5, len(payload)) + payload
        socket.send_fds(self.connection, [data], list(fds))

    def reply_u64(self, request, value, fds=()):
        self.reply(request, struct.pack('<Q', value), fds)

    def handle(self, request, flags, payload, fds):
        if request == SET_DEVICE_STATE_FD:
            self.set_state(flags, payload, fds)
            return
        if request == CHECK_DEVICE_STATE:
            if self.deviation == 'silent':
                return
            value = self.check()
            self.reply_u64(request, value)
            if (self.deviation == 'acknowledges' and value != 0 and
                    flags & NEED_REPLY):
                self.reply_u64(request, 0)
            return
        if request == GET_FEATURES:
            self.reply_u64(request, FEATURES)
        elif request == GET_PROTOCOL_FEATURES:
            self.reply_u64(request, PROTOCOL_FEATURES)
        elif request == SET_PROTOCOL_FEATURES:
            self.negotiated = struct.unpack('<Q', payload)[0]
        elif request == GET_QUEUE_NUM:
            self.reply_u64(request, 1)
        elif request == SET_VRING_BASE:
            if not (self.deviation == 'B11' and self.loaded_once):
                self.base = struct.unpack('<II', payload)[1]
        elif request == GET_VRING_BASE:
            base = 0 if self.deviation == 'B0' else self.base
            self.reply(request, struct.pack('<II', 0, base))
        elif request == SET_VRING_CALL and fds:
            self.call = os.dup(fds[0])
        elif flags & NEED_REPLY:
            self.reply_u64(request, 0)
        for fd in fds:
            os.close(fd)

    def refuse(self, fds):
        if self.deviation == 'B15':
            os._exit(0)
        if self.deviation == 'crash':
            os.kill(os.getpid(), signal.SIGKILL)
        for fd in fds:
            os.close(fd)
        if self.deviation == 'B4':
            read_end, write_end = os.pipe()
            self.reply_u64(SET_DEVICE_STATE_FD, 0x101, [read_end])
            os.close(read_end)
            os.close(write_end)
            return
        self.reply_u64(SET_DEVICE_STATE_FD, 0x101)

    def set_state(self, flags, payload, fds):
        if len(payload) != 8 or len(fds) != 1:
            self.refuse(fds)
            return
        direction, phase = struct.unpack('<II', payload)
        allowed = self.negotiated & DEVICE_STATE or self.deviation == 'B1'
        is_pipe = os.readlink('/proc/self/fd/%d' % fds[0]).startswith('pipe:')
        if (not allowed or direction > 1 or phase != 0 or
                self.deviation == 'B14' and not is_pipe or
                self.deviation == 'refuse' or
                self.deviation == 'B10' and self.failed_once):
            self.refuse(fds)
            return
        given = fds[0]
        answer = []
        value = 0x100
        if self.deviation == 'B3':
            value = 0
        if self.deviation == 'B6' and direction == 0:
            # The state goes into the channel that is to be discarded.
            read_end, write_end = os.pipe()
            os.close(write_end)
            answer, value = [read_end], 0
        work = self.save if direction == 0 else self.load
        self.result = None
        self.worker = threading.Thread(target=work, args=(given,))
        if self.deviation == 'B12':
            self.worker.start()
            self.worker.join()
        self.reply_u64(SET_DEVICE_STATE_FD, value, answer)
        if self.deviation == 'B5' and flags & NEED_REPLY:
            self.reply_u64(SET_DEVICE_STATE_FD, 0)
        for fd in answer:
            os.close(fd)
        if self.deviation != 'B12':
            self.worker.start()

    def check(self):
        if self.worker is None:
            return 0 if self.deviation == 'B16' else 1
        self.worker.join()
        self.worker = None
        return self.result

    def save(self, fd):
        if self.deviation == 'B7':
            self.kept.append(os.dup(fd))
        self.result = 0
        try:
            view = memoryview(STATE)
            while view:
                view = view[os.write(fd, view):]
        except OSError:
            self.failed_once = True
            self.result = 1
        os.close(fd)

    def load(self, fd):
        # A file's offset may be its end, if its writer shares it.
        if not os.readlink('/proc/self/fd/%d' % fd).startswith(
                ('pipe:', 'socket:')):
            os.lseek(fd, 0, os.SEEK_SET)
        data = b''
        while True:
            part = os.read(fd, 4096)
            if not part:
                break
            data += part
            if self.deviation == 'B8' and data[:8] != STATE[:8]:
                break
        os.close(fd)
        self.loaded_once = True
        if self.deviation == 'B2' and self.call is not None:
            os.write(self.call, struct.pack('<Q', 1))
        self.result = 0 if data == STATE or self.deviation == 'B9' else 2


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--socket-path', required=True)
    parser.add_argument('--deviation', default='')
    flags = parser.parse_args()
    if flags.deviation == 'B13':
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    listener = listen(flags.socket_path)
    print('listening', flush=True)
    backend = Backend(flags.deviation)
    while True:
        connection, _ = listener.accept()
        with connection:
            backend.serve(connection)
        if flags.deviation == 'reopens':
            listener.close()
            os.unlink(flags.socket_path)
            listener = listen(flags.socket_path)


if __name__ == '__main__':
    main()
