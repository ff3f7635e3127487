# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A front-end that does what `devstate` does not: runs a ring, and dies."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import struct

from commands import Failure

GET_FEATURES = 1
SET_FEATURES = 2
SET_OWNER = 3
SET_MEM_TABLE = 5
SET_VRING_NUM = 8
SET_VRING_ADDR = 9
SET_VRING_BASE = 10
GET_VRING_BASE = 11
SET_VRING_KICK = 12
SET_VRING_CALL = 13
GET_PROTOCOL_FEATURES = 15
SET_PROTOCOL_FEATURES = 16
SET_VRING_ENABLE = 18
SET_DEVICE_STATE_FD = 42

HEADER = "<III"
DEVICE_STATE = 1 << 19
SAVE, LOAD = 0, 1
ACCEPTED, REFUSED = 0x100, 0x101
TIMEOUT = 120  # seconds; far more than anything here takes
MEMORY = 64 << 10  # of the guest, at this address of the front-end's:
ADDRESS = 1 << 32


def two(first: int, second: int) -> bytes:
    return struct.pack("<II", first, second)


class FrontEnd:
    """A connection on which device state is negotiated."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(path)
        self._send(SET_OWNER)
        self._features = self._ask_u64(GET_FEATURES)
        offered = self._ask_u64(GET_PROTOCOL_FEATURES)
        if not offered & DEVICE_STATE:
            raise Failure(f"bit 19 is not offered: {offered:#x}")
        self._send(SET_PROTOCOL_FEATURES, struct.pack("<Q", offered))

    def __enter__(self) -> FrontEnd:
        return self

    def __exit__(self, *unused: object) -> None:
        self._socket.close()

    def _send(
        self, request: int, payload: bytes = b"", fds: tuple[int, ...] = ()
    ) -> None:
        message = struct.pack(HEADER, request, 1, len(payload)) + payload
        socket.send_fds(self._socket, [message], fds)

    def _ask(
        self, request: int, payload: bytes = b"", fds: tuple[int, ...] = ()
    ) -> bytes:
        """Returns the payload of the reply, 8 bytes."""
        self._send(request, payload, fds)
        expected = struct.pack(HEADER, request, 5, 8)
        reply = b""
        while len(reply) < len(expected) + 8:
            piece = self._socket.recv(len(expected) + 8 - len(reply))
            if not piece:
                break
            reply += piece
        if not reply.startswith(expected) or len(reply) != len(expected) + 8:
            raise Failure(f"request {request} has the reply {reply.hex()!r}")
        return reply[len(expected) :]

    def _ask_u64(self, request: int) -> int:
        (value,) = struct.unpack("<Q", self._ask(request))
        return int(value)

    def set_state_fd(self, direction: int, fd: int) -> int:
        """Returns the answer; the descriptor is the front-end's, too."""
        (value,) = struct.unpack(
            "<Q", self._ask(SET_DEVICE_STATE_FD, two(direction, 0), (fd,))
        )
        return int(value)

    def start_ring(self) -> None:
        """Starts ring 0 in guest memory of zeros, in which no request waits."""
        memory = os.memfd_create("guest")
        os.truncate(memory, MEMORY)
        kick, call = os.eventfd(0), os.eventfd(0)
        self._send(SET_FEATURES, struct.pack("<Q", self._features))
        self._send(
            SET_MEM_TABLE,
            two(1, 0) + struct.pack("<4Q", 0, MEMORY, ADDRESS, 0),
            (memory,),
        )
        self._send(SET_VRING_NUM, two(0, 8))
        self._send(SET_VRING_BASE, two(0, 0))
        rings = (ADDRESS, ADDRESS + 0x2000, ADDRESS + 0x1000)
        self._send(SET_VRING_ADDR, two(0, 0) + struct.pack("<4Q", *rings, 0))
        for request, fd in ((SET_VRING_KICK, kick), (SET_VRING_CALL, call)):
            self._send(request, struct.pack("<Q", 0), (fd,))
        self._send(SET_VRING_ENABLE, two(0, 1))
        for fd in (memory, kick, call):
            os.close(fd)

    def stop_ring(self) -> None:
        self._ask(GET_VRING_BASE, two(0, 0))


def refuses_states_while_a_ring_runs(path: str) -> None:
    with FrontEnd(path) as front_end:
        for running, expected in ((True, REFUSED), (False, ACCEPTED)):
            if running:
                front_end.start_ring()
            else:
                front_end.stop_ring()
            read_end, write_end = os.pipe()
            answer = front_end.set_state_fd(SAVE, write_end)
            os.close(read_end)
            os.close(write_end)
            if answer != expected:
                ring = "runs" if running else "is stopped"
                raise Failure(f"SET_DEVICE_STATE_FD: {answer:#x} while a ring {ring}")


def _hold_half(
    path: str, state: bytes, sent: multiprocessing.connection.Connection
) -> None:
    front_end = FrontEnd(path)
    read_end, write_end = os.pipe()
    answer = front_end.set_state_fd(LOAD, read_end)
    os.write(write_end, state[: len(state) // 2])
    sent.send(answer)
    signal.pause()


def is_killed_in_a_load(path: str, state: bytes) -> None:
    """Sends half of the state, and ends by SIGKILL."""
    # Of a child that was forked: its descriptors are its own.
    processes = multiprocessing.get_context("fork")
    receiver, sender = processes.Pipe(duplex=False)
    child = processes.Process(target=_hold_half, args=(path, state, sender))
    child.start()
    sender.close()
    try:
        if not receiver.poll(TIMEOUT) or receiver.recv() != ACCEPTED:
            raise Failure("the back-end does not begin a load")
    except EOFError:
        raise Failure("the back-end has closed the connection") from None
    finally:
        child.kill()
        child.join()
