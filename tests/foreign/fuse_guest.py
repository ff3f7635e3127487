# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A front-end with a guest on it that speaks FUSE through a virtqueue, as far as
tests need: one request at a time, in memory that all share.

Sources: VIRTIO 1.3, 2.7 and 5.11; linux/fuse.h; QEMU's vhost-user.rst.
"""

import mmap
import os
import select
import socket
import struct

PATIENCE = 60  # seconds
SIZE = 1 << 20
USER_ADDRESS = 1 << 40
QUEUE = 128
# One page each for a ring's descriptors, available and used ring.
RING_BYTES = 3 * 4096
RINGS = 2
REQUESTS = 1  # the ring; 0 is that of urgent requests
OUT, IN = 1 << 17, 1 << 18  # where request and answer lie
ROOM = 1 << 16
NEED_REPLY = 8
WRITE, NEXT = 2, 1

GET_FEATURES, SET_FEATURES, SET_OWNER = 1, 2, 3
NUM, ADDR, BASE, GET_BASE, KICK, CALL = 8, 9, 10, 11, 12, 13
GET_PROTOCOL, SET_PROTOCOL, ENABLE, ADD_MEM_REG = 15, 16, 18, 37
SET_STATE, CHECK_STATE = 42, 43
FEATURES = 1 << 32 | 1 << 30
PROTOCOL = 1 << 3 | 1 << 15 | 1 << 19

INIT, LOOKUP, OPEN, READ = 26, 1, 14, 15


def read_body(handle):
    """That of a READ of the first 4 KiB."""
    return struct.pack('<QQIIQII', handle, 0, 4096, 0, 0, 0, 0)


class FuseGuest:
    """Negotiates with the back-end at `path`."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.memory_fd = os.memfd_create('guest')
        os.ftruncate(self.memory_fd, SIZE)
        self.memory = mmap.mmap(self.memory_fd, SIZE)
        self.kicks = [os.eventfd(0) for _ in range(RINGS)]
        self.call = os.eventfd(0)
        self.unique = 0
        self.features = self.ask(GET_FEATURES)
        self.ask(GET_PROTOCOL)
        self.send(SET_PROTOCOL, struct.pack('<Q', PROTOCOL))
        self.tell(SET_OWNER)
        self.tell(SET_FEATURES, struct.pack('<Q', FEATURES))
        self.tell(ADD_MEM_REG, struct.pack('<QQQQQ', 0, 0, SIZE, USER_ADDRESS,
                                           0), self.memory_fd)

    def close(self):
        self.socket.close()
        self.memory.close()
        for fd in (self.memory_fd, self.call, *self.kicks):
            os.close(fd)

    def send(self, request, payload=b'', fd=None, flags=1):
        message = struct.pack('<III', request, flags, len(payload)) + payload
        socket.send_fds(self.socket, [message], [] if fd is None else [fd])

    def receive(self, request):
        header = self.socket.recv(12, socket.MSG_WAITALL)
        number, _, size = struct.unpack('<III', header)
        assert number == request, number
        return self.socket.recv(size, socket.MSG_WAITALL)

    def ask(self, request, payload=b'', fd=None):
        self.send(request, payload, fd)
        return struct.unpack('<Q', self.receive(request))[0]

    def tell(self, request, payload=b'', fd=None):
        """Sends what must be acknowledged."""
        self.send(request, payload, fd, 1 | NEED_REPLY)
        answer, = struct.unpack('<Q', self.receive(request))
        assert answer == 0, (request, answer)

    def start(self):
        """Starts the rings where the used index stands."""
        for ring in range(RINGS):
            at = USER_ADDRESS + ring * RING_BYTES
            self.tell(NUM, struct.pack('<II', ring, QUEUE))
            self.tell(BASE, struct.pack('<II', ring, self.index(ring, 2)))
            self.tell(ADDR, struct.pack('<IIQQQQ', ring, 0, at, at + 8192,
                                        at + 4096, 0))
            self.tell(KICK, struct.pack('<Q', ring), self.kicks[ring])
            self.tell(CALL, struct.pack('<Q', ring), self.call)
        for ring in range(RINGS):
            self.tell(ENABLE, struct.pack('<II', ring, 1))

    def stop(self):
        for ring in range(RINGS):
            self.tell(ENABLE, struct.pack('<II', ring, 0))
        for ring in range(RINGS):
            self.ask(GET_BASE, struct.pack('<II', ring, 0))

    def save(self):
        """The state of a back-end whose rings are stopped."""
        ours, theirs = os.pipe()
        answer = self.ask(SET_STATE, struct.pack('<II', 0, 0), theirs)
        os.close(theirs)
        assert answer == 0x100, answer
        with open(ours, 'rb') as pipe:
            state = pipe.read()
        assert self.ask(CHECK_STATE) == 0
        return state

    def load(self, state):
        theirs, ours = os.pipe()
        answer = self.ask(SET_STATE, struct.pack('<II', 1, 0), theirs)
        os.close(theirs)
        assert answer == 0x100, answer
        with open(ours, 'wb') as pipe:
            pipe.write(state)
        assert self.ask(CHECK_STATE) == 0

    def index(self, ring, page):
        """That of the available ring (page 1) or the used ring (2)."""
        at = ring * RING_BYTES + page * 4096 + 2
        return struct.unpack_from('<H', self.memory, at)[0]

    def submit(self, opcode, node, body):
        """Puts a request into the ring."""
        self.unique += 1
        request = struct.pack('<IIQQIIIHH', 40 + len(body), opcode,
                              self.unique, node, 0, 0, 0, 0, 0) + body
        self.memory[OUT:OUT + len(request)] = request
        at = REQUESTS * RING_BYTES
        struct.pack_into('<QIHHQIHH', self.memory, at,
                         OUT, len(request), NEXT, 1, IN, ROOM, WRITE, 0)
        index = self.index(REQUESTS, 1)
        struct.pack_into('<H', self.memory, at + 4096 + 4 + 2 * (index % QUEUE),
                         0)
        struct.pack_into('<H', self.memory, at + 4096 + 2, (index + 1) & 0xffff)
        os.eventfd_write(self.kicks[REQUESTS], 1)

    def answer(self):
        """Waits for the answer: its body, or the number of its error."""
        while self.index(REQUESTS, 1) != self.index(REQUESTS, 2):
            ready, _, _ = select.select([self.call], [], [], PATIENCE)
            assert ready, 'no answer'
            os.eventfd_read(self.call)
        size, error, unique = struct.unpack_from('<IiQ', self.memory, IN)
        assert unique == self.unique, unique
        return -error if error else self.memory[IN + 16:IN + size]

    def fuse(self, opcode, node, body):
        self.submit(opcode, node, body)
        return self.answer()

    def mount(self):
        answer = self.fuse(INIT, 0, struct.pack('<IIII', 7, 31, 1 << 17, 0))
        assert not isinstance(answer, int), os.strerror(answer)

    def open(self, name):
        """Node and handle of a file in the root."""
        entry = self.fuse(LOOKUP, 1, name.encode() + b'\0')
        node = struct.unpack_from('<Q', entry)[0]
        opened = self.fuse(OPEN, node, struct.pack('<II', os.O_RDONLY, 0))
        return node, struct.unpack_from('<Q', opened)[0]

    def read(self, node, handle):
        return self.fuse(READ, node, read_body(handle))
