# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A driver draws on a display and plugs memory. What QEMU saves of it becomes
portable states that have what was drawn and plugged.

Skipped where QEMU is not there: tests/qemu/install.sh gets it.
"""

import base64
import json
import os
import struct
import subprocess

import harness
import qtest

DEVSTATE = os.environ.get('DEVSTATE', 'cli/devstate')
GPU_SLOT, MEM_SLOT = 1, 2
GPU = '0000:00:01.0/virtio-gpu'
MEM = '0000:00:02.0/virtio-mem'
GPU_REGISTERS, MEM_REGISTERS = 0xe0000000, 0xe0800000
GPU_QUEUES, MEM_QUEUES = 0x100000, 0x200000
BACKING = 0x1000000
MIB = 1 << 20
BLOCK = 2 * MIB
MEM_REGION = 64 * MIB

# Commands of virtio-gpu, and the answer to all of them.
CREATE_2D, SET_SCANOUT, TRANSFER, ATTACH = 0x101, 0x103, 0x105, 0x106
UPDATE_CURSOR = 0x300
OK_NODATA = 0x1100
CONTROL, CURSOR = 0, 1
B8G8R8X8 = 2
# More than a piece of a value.
WIDTH, HEIGHT = 640, 200
# The driver draws this part of it.
X, Y, DRAWN_WIDTH, DRAWN_HEIGHT = 16, 8, 600, 150
POINTER = 64

PLUG, PLUGGED = 0, 0
# Blocks that the driver plugs, each a number and how many.
RANGES = ((1, 3), (10, 1))


def devstate(*arguments):
    run = subprocess.run([DEVSTATE] + list(arguments), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError('%s: %d: %s' % (arguments, run.returncode,
                                             run.stderr))
    return run.stdout


def pixels(width, height, seed):
    """An image of which no two lines are the same."""
    return b''.join(struct.pack('<I', seed << 24 | y << 12 | x)
                    for y in range(height) for x in range(width))


class Gpu:
    """A display, as a driver draws on it."""

    def __init__(self, machine):
        self.machine = machine
        self.device = qtest.Device(machine, GPU_SLOT, GPU_REGISTERS,
                                   GPU_QUEUES, 2)

    def give(self, command, layout, *values):
        data = struct.pack('<II8s8s', command, 0, b'', b'')
        data += struct.pack('<' + layout, *values)
        answer = self.device.request(CONTROL, data, 24)
        if struct.unpack('<I', answer[:4])[0] != OK_NODATA:
            raise AssertionError('0x%x: 0x%s' % (command, answer.hex()))

    def make(self, resource, width, height, image, address):
        """Makes a resource of an image in guest memory."""
        self.give(CREATE_2D, 'IIII', resource, B8G8R8X8, width, height)
        self.machine.write(address, image)
        self.give(ATTACH, 'IIQII', resource, 1, address, len(image), 0)

    def move_pointer(self, resource, x, y):
        self.device.request(CURSOR, struct.pack(
            '<II8s8sIIIIIIII', UPDATE_CURSOR, 0, b'', b'', 0, x, y, 0,
            resource, 5, 6, 0), 24)


class DrawnTest(harness.QemuTest):

    def machine(self):
        path = self.path('qtest')
        qemu = self.qemu(extra=qtest.Machine.flags(path) + [
            '-m', '64M,maxmem=1G',
            '-device', 'virtio-gpu-pci,addr=%d,max_outputs=1' % GPU_SLOT,
            '-object', 'memory-backend-ram,id=more,size=%d' % MEM_REGION,
            '-device', 'virtio-mem-pci,addr=%d,memdev=more,block-size=%d,'
                       'requested-size=%d' % (MEM_SLOT, BLOCK, MEM_REGION)])
        machine = qtest.Machine(path)
        self.addCleanup(machine.close)
        return qemu, machine

    def state_of(self, qemu, device, schema):
        """What QEMU saves of a device, after a back-end has loaded it."""
        self.assert_completed(qemu.save(self.path('vm.mig')), qemu)
        devstate('convert', self.path('vm.mig'), '--from', 'qemu', '--device',
                 device, '--to', schema, '-o', self.path('state'))
        out = self.path('loaded')
        backend = self.example('any', '--schema=' + schema, '--await-load',
                               '--state-out=' + out)
        devstate('load', '--socket', backend.path, self.path('state'))
        backend.stop()
        devstate('decode', out, '-o', self.path('json'))
        with open(self.path('json'), encoding='utf-8') as file:
            return json.load(file)

    def test_what_was_drawn_is_in_the_portable_state(self):
        qemu, machine = self.machine()
        gpu = Gpu(machine)
        image = pixels(WIDTH, HEIGHT, 1)
        pointer = pixels(POINTER, POINTER, 2)
        gpu.make(7, WIDTH, HEIGHT, image, BACKING)
        gpu.give(TRANSFER, 'IIIIQII', X, Y, DRAWN_WIDTH, DRAWN_HEIGHT,
                 4 * (Y * WIDTH + X), 7, 0)
        gpu.give(SET_SCANOUT, 'IIIIII', X, Y, DRAWN_WIDTH, DRAWN_HEIGHT, 0, 7)
        gpu.make(9, POINTER, POINTER, pointer, BACKING + 2 * len(image))
        gpu.give(TRANSFER, 'IIIIQII', 0, 0, POINTER, POINTER, 0, 9, 0)
        gpu.move_pointer(9, 30, 40)
        state = self.state_of(qemu, GPU, 'devices.gpu.v1')

        drawn = bytearray(len(image))
        for y in range(Y, Y + DRAWN_HEIGHT):
            line = slice(4 * (y * WIDTH + X), 4 * (y * WIDTH + X + DRAWN_WIDTH))
            drawn[line] = image[line]
        loaded = {}
        for piece in state['pixels']:
            owner = loaded.setdefault(int(piece['owner']), bytearray())
            self.assertEqual(int(piece.get('offset', 0)), len(owner))
            owner += base64.b64decode(piece['data'])
        self.assertEqual(set(loaded), {7, 9})
        self.assertTrue(loaded[7] == drawn)
        self.assertTrue(loaded[9] == pointer)
        scanout, = state['scanouts']
        self.assertEqual(
            [scanout[name] for name in ('resource', 'x', 'y', 'width',
                                        'height')],
            [7, X, Y, DRAWN_WIDTH, DRAWN_HEIGHT])
        cursor, = state['cursors']
        self.assertEqual([cursor[name] for name in ('resource', 'x', 'y')],
                         [9, 30, 40])
        backing = {resource['id']: resource['backing']
                   for resource in state['resources']}
        self.assertEqual(backing[7], [{'address': str(BACKING),
                                       'length': len(image)}])

    def test_blocks_that_were_plugged_are_in_the_portable_state(self):
        qemu, machine = self.machine()
        device = qtest.Device(machine, MEM_SLOT, MEM_REGISTERS, MEM_QUEUES, 1)
        region = next(entry['data']['memaddr']
                      for entry in qemu.command('query-memory-devices')
                      if entry['type'] == 'virtio-mem')
        for first, count in RANGES:
            answer = device.request(0, struct.pack(
                '<H6sQH6s', PLUG, b'', region + first * BLOCK, count, b''), 10)
            self.assertEqual(struct.unpack('<H', answer[:2])[0], PLUGGED)
        state = self.state_of(qemu, MEM, 'devices.mem.v1')
        self.assertEqual(state['config']['plugged_size'],
                         str(sum(count for _, count in RANGES) * BLOCK))
        self.assertEqual([(int(blocks['first']), int(blocks['count']))
                          for blocks in state['plugged']], list(RANGES))


if __name__ == '__main__':
    harness.main()
