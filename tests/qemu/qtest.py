# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A driver of virtio devices without a guest: QEMU's qtest protocol writes to
the memory and the ports of a machine whose processors do nothing.

One queue at a time, one request at a time, VIRTIO 1.0 over PCI.
"""

import base64
import os
import socket
import struct

import harness

# Ports of the PCI configuration space.
_ADDRESS, _DATA = 0xcf8, 0xcfc
_COMMAND, _BAR0, _CAPABILITIES = 0x04, 0x10, 0x34
_MEMORY_AND_MASTER = 6
_VENDOR_CAPABILITY = 9
# virtio_pci_cap.cfg_type.
_COMMON, _NOTIFY = 1, 2
# virtio_pci_common_cfg.
_DRIVER_FEATURE_SELECT, _DRIVER_FEATURE, _STATUS = 8, 12, 20
_QUEUE_SELECT, _QUEUE_SIZE, _QUEUE_ENABLE, _QUEUE_NOTIFY = 22, 24, 28, 30
_QUEUE_DESCRIPTORS, _QUEUE_DRIVER, _QUEUE_DEVICE = 32, 40, 48
_ACKNOWLEDGE, _DRIVER, _DRIVER_OK, _FEATURES_OK = 1, 2, 4, 8
_NEXT, _WRITE = 1, 2
SIZE = 64


class Machine:
    """The memory and the ports of a machine that was started with FLAGS."""

    def __init__(self, path):
        def connect():
            attempt = socket.socket(socket.AF_UNIX)
            try:
                attempt.connect(path)
            except OSError:
                attempt.close()
                return None
            return attempt
        self.socket = harness.eventually(connect, 'the qtest socket')
        self.socket.settimeout(harness.PATIENCE)
        self.stream = self.socket.makefile('r')

    @staticmethod
    def flags(path):
        """The flags of a machine that this class drives."""
        return ['-qtest', 'unix:%s,server=on,wait=off' % path,
                '-qtest-log', os.devnull]

    def command(self, *words):
        self.socket.sendall((' '.join(str(word) for word in words) +
                             '\n').encode())
        while True:
            answer = self.stream.readline().split()
            if not answer:
                raise ConnectionError('qtest closed')
            if answer[0] == 'OK':
                return answer[1:]
            if answer[0] != 'IRQ':
                raise AssertionError('%s: %s' % (words, answer))

    def write(self, address, data):
        self.command('b64write', hex(address), hex(len(data)),
                     base64.b64encode(data).decode())

    def read(self, address, size):
        answer = self.command('b64read', hex(address), hex(size))
        return base64.b64decode(answer[0])

    def store(self, size, address, value):
        self.command('write' + {1: 'b', 2: 'w', 4: 'l', 8: 'q'}[size],
                     hex(address), hex(value))

    def config(self, slot, offset):
        """A word of a device's PCI configuration space."""
        self.command('outl', hex(_ADDRESS),
                     hex(1 << 31 | slot << 11 | offset))
        return int(self.command('inl', hex(_DATA))[0], 16)

    def set_config(self, slot, offset, value):
        self.command('outl', hex(_ADDRESS),
                     hex(1 << 31 | slot << 11 | offset))
        self.command('outl', hex(_DATA), hex(value))

    def close(self):
        self.stream.close()
        self.socket.close()


class Device:
    """The virtio device in a slot, with all its queues of `queues` set up.

    `window` is where its registers are put, and `memory` where the queues are.
    """

    def __init__(self, machine, slot, window, memory, queues):
        self.machine = machine
        self.memory = memory
        self.indexes = [0] * queues
        regions = self._find_regions(slot, window)
        self.common, _ = regions[_COMMON]
        self.notify, multiplier = regions[_NOTIFY]
        machine.set_config(slot, _COMMAND, _MEMORY_AND_MASTER)
        self._set(1, _STATUS, _ACKNOWLEDGE | _DRIVER)
        # VIRTIO_F_VERSION_1 alone.
        self._set(4, _DRIVER_FEATURE_SELECT, 1)
        self._set(4, _DRIVER_FEATURE, 1)
        self._set(1, _STATUS, _ACKNOWLEDGE | _DRIVER | _FEATURES_OK)
        self.doorbells = [self._start_queue(queue, multiplier)
                          for queue in range(queues)]
        self._set(1, _STATUS,
                  _ACKNOWLEDGE | _DRIVER | _FEATURES_OK | _DRIVER_OK)

    def _find_regions(self, slot, window):
        """The address of each region and the word after its capability."""
        config = self.machine.config
        regions = {}
        bars = {}
        at = config(slot, _CAPABILITIES) & 0xff
        while at:
            head = config(slot, at)
            kind, bar = head >> 24, config(slot, at + 4) & 0xff
            if head & 0xff == _VENDOR_CAPABILITY and kind in (_COMMON, _NOTIFY):
                if bar not in bars:
                    bars[bar] = window + len(bars) * (1 << 20)
                    self.machine.set_config(slot, _BAR0 + 4 * bar, bars[bar])
                    self.machine.set_config(slot, _BAR0 + 4 * bar + 4, 0)
                regions[kind] = (bars[bar] + config(slot, at + 8),
                                 config(slot, at + 16))
            at = head >> 8 & 0xff
        return regions

    def _set(self, size, offset, value):
        self.machine.store(size, self.common + offset, value)

    def _area(self, queue):
        """Where descriptors, available and used ring of a queue are."""
        base = self.memory + queue * 0x10000
        return base, base + 0x1000, base + 0x2000

    def _start_queue(self, queue, multiplier):
        descriptors, driver, device = self._area(queue)
        self._set(2, _QUEUE_SELECT, queue)
        self._set(2, _QUEUE_SIZE, SIZE)
        for offset, value in ((_QUEUE_DESCRIPTORS, descriptors),
                              (_QUEUE_DRIVER, driver),
                              (_QUEUE_DEVICE, device)):
            self._set(4, offset, value)
            self._set(4, offset + 4, 0)
        self._set(2, _QUEUE_ENABLE, 1)
        number = self.machine.read(self.common + _QUEUE_NOTIFY, 2)
        return self.notify + struct.unpack('<H', number)[0] * multiplier

    def request(self, queue, data, answer_size):
        """Gives a request to the device and returns the answer."""
        descriptors, driver, device = self._area(queue)
        request, answer = descriptors + 0x3000, descriptors + 0x8000
        index = self.indexes[queue]
        self.machine.write(request, data)
        self.machine.write(descriptors, struct.pack(
            '<QIHHQIHH', request, len(data), _NEXT, 1,
            answer, answer_size, _WRITE, 0))
        self.machine.write(driver + 4 + 2 * (index % SIZE), b'\0\0')
        self.indexes[queue] = index = (index + 1) % 0x10000
        self.machine.write(driver + 2, struct.pack('<H', index))
        self.machine.store(2, self.doorbells[queue], queue)
        harness.eventually(
            lambda: struct.unpack('<H', self.machine.read(device + 2, 2))[0] ==
            index, 'the answer of queue %d' % queue)
        return self.machine.read(answer, answer_size)
