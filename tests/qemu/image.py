# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a device's back-end in a QEMU migration file, of one device."""

import struct

# The subsection's type, the length of its name, the name.
MARKS = (b'\x05\x15vhost-user-fs-backend', b'\x05\x19virtio-net-device/backend')
PIECE = 64 << 10


def chunks_of(image):
    """(offset of the length field, length) of each piece of device state."""
    mark = next(mark for mark in MARKS if mark in image)
    at = image.index(mark) + len(mark) + 4
    found = []
    while True:
        length = struct.unpack_from('>I', image, at)[0]
        if length == 0:
            return found
        found.append((at, length))
        at += 4 + length


def state_of(image):
    return b''.join(image[at + 4:at + 4 + length]
                    for at, length in chunks_of(image))


def with_state(image, state, piece=PIECE):
    """The same file with another state, in pieces of one size."""
    chunks = chunks_of(image)
    end = chunks[-1][0] + 4 + chunks[-1][1]
    pieces = b''.join(
        struct.pack('>I', len(state[i:i + piece])) + state[i:i + piece]
        for i in range(0, len(state), piece))
    return bytearray(image[:chunks[0][0]] + pieces + image[end:])


def cut_evenly(image, piece=PIECE):
    """QEMU's own pieces are whatever read() returned."""
    return with_state(image, state_of(image), piece)
