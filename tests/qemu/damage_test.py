# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A7: damaged migration files. QEMU alone passes some of them on as good."""

import struct

import harness
import image as migration_file

SIZE = 600000
class DamageTest(harness.QemuTest):

    def setUp(self):
        super().setUp()
        source = self.backend(size=SIZE, seed=7)
        qemu = self.qemu(source)
        self.assert_completed(qemu.save(self.path('good')), qemu)
        qemu.stop()
        with open(self.path('good'), 'rb') as image:
            self.image = migration_file.cut_evenly(image.read())
        self.chunks = migration_file.chunks_of(self.image)
        self.assertGreater(len(self.chunks), 4)

    def assert_refused(self, image, reason):
        with open(self.path('damaged'), 'wb') as damaged:
            damaged.write(image)
        backend = self.backend()
        qemu = self.qemu(backend, incoming=True)
        self.assert_failed(qemu.load(self.path('damaged')), qemu, backend)
        backend.wait_line('direction=load .*DATA_LOSS: .*' + reason)
        self.assertNotIn('committed', backend.log)
        qemu.stop()
        backend.stop()

    def test_undamaged_file_is_the_control(self):
        with open(self.path('good'), 'wb') as good:
            good.write(self.image)
        backend = self.backend()
        qemu = self.qemu(backend, incoming=True)
        self.assert_completed(qemu.load(self.path('good')), qemu)
        backend.wait_line('^committed size=%d seed=7$' % SIZE)

    def test_file_cut_at_a_chunk_boundary(self):
        self.assert_refused(self.image[:self.chunks[3][0]],
                            'without its trailer')

    def test_chunk_length_zeroed(self):
        struct.pack_into('>I', self.image, self.chunks[2][0], 0)
        self.assert_refused(self.image, 'without its trailer')

    def test_chunk_cut_out(self):
        at, length = self.chunks[1]
        del self.image[at:at + 4 + length]
        self.assert_refused(self.image, 'chunk')

    def test_flipped_bits(self):
        for number in (0, 2, len(self.chunks) - 1):
            at, length = self.chunks[number]
            for offset in (length // 3, length - 1):
                with self.subTest(chunk=number, offset=offset):
                    image = bytearray(self.image)
                    image[at + 4 + offset] ^= 0x10
                    self.assert_refused(image, 'chunk|bytes')

    def test_two_equal_chunks_swapped(self):
        by_length = {}
        for at, length in self.chunks:
            other = by_length.setdefault(length, at)
            if other == at:
                continue
            image = self.image
            first = image[other + 4:other + 4 + length]
            second = image[at + 4:at + 4 + length]
            image[other + 4:other + 4 + length] = second
            image[at + 4:at + 4 + length] = first
            self.assert_refused(image, 'offset')
            return
        self.fail('no two chunks of equal length: %s' % self.chunks)


if __name__ == '__main__':
    harness.main()
