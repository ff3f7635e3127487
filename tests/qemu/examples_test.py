# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The virtio-fs example with a real inode table, under stock QEMU."""

import os

import harness
import image as migration_file

FILES = 2000


class FsBackendTest(harness.QemuTest):

    def setUp(self):
        super().setUp()
        self.tree = self.path('tree')
        for i in range(FILES):
            folder = os.path.join(self.tree, 'folder%d' % (i % 40))
            os.makedirs(folder, exist_ok=True)
            name = os.path.join(folder, 'a file with a name %d' % i)
            if i % 50 == 0:
                os.symlink('somewhere', name)
            else:
                with open(name, 'w') as file:
                    file.write(str(i))

    def source(self, *flags):
        return self.fs_backend('--shared-dir=' + self.tree,
                               '--table-out=' + self.path('source'), *flags)

    def destination(self, *flags):
        return self.fs_backend('--shared-dir=' + self.tree, '--await-load',
                               '--table-out=' + self.path('destination'),
                               *flags)

    def tables(self):
        found = []
        for name in ('source', 'destination'):
            with open(self.path(name)) as table:
                found.append(table.read())
        return found

    def migrate(self, machine, accel, flags):
        source = self.source(*flags)
        qemu = self.qemu(source, machine=machine, accel=accel)
        path = self.path('image')
        self.assert_completed(qemu.save(path), qemu, source)
        destination = self.destination(*flags)
        empty = self.tables()[1]
        other = self.qemu(destination, machine=machine, accel=accel,
                          incoming=True)
        self.assert_completed(other.load(path), other, destination)
        destination.wait_line('^committed$')
        theirs, ours = self.tables()
        self.assertEqual(ours, theirs)
        self.assertNotEqual(ours, empty)
        self.assertGreater(ours.count('\n'), FILES)
        for process in (qemu, other, source, destination):
            process.stop()
        os.unlink(path)

    def test_a1_tables_are_equal_whatever_the_channel(self):
        for machine in ('q35', 'pc'):
            for accel in harness.accelerators():
                for channel in ('given', 'pipe', 'socketpair', 'memfd', 'file'):
                    flags = ([] if channel == 'given' else
                             ['--fd=own', '--channel=' + channel])
                    with self.subTest(machine=machine, accel=accel,
                                      channel=channel):
                        self.migrate(machine, accel, flags)

    def good_image(self):
        source = self.source('--compression=raw')
        qemu = self.qemu(source)
        path = self.path('good')
        self.assert_completed(qemu.save(path), qemu, source)
        qemu.stop()
        source.stop()
        with open(path, 'rb') as image:
            # Several pieces, so that there is something to cut and to swap.
            return migration_file.cut_evenly(image.read(), 8 << 10)

    def test_a7_damage_is_refused_with_its_reason(self):
        good = self.good_image()
        chunks = migration_file.chunks_of(good)
        self.assertGreater(len(chunks), 4)
        (first, length), (second, _) = chunks[1], chunks[2]

        flipped = bytearray(good)
        flipped[first + 4 + length // 2] ^= 0x04
        zeroed = bytearray(good)
        zeroed[second:second + 4] = b'\0\0\0\0'
        swapped = bytearray(good)
        swapped[first + 4:first + 4 + length] = \
            good[second + 4:second + 4 + length]
        swapped[second + 4:second + 4 + length] = \
            good[first + 4:first + 4 + length]
        cases = {
            'cut at a chunk boundary': good[:chunks[3][0]],
            'length zeroed': zeroed,
            'bit flipped': flipped,
            'chunks swapped': swapped,
        }
        reasons = {}
        for name, image in cases.items():
            with self.subTest(name):
                with open(self.path('damaged'), 'wb') as damaged:
                    damaged.write(image)
                destination = self.destination()
                before = self.tables()[1]
                other = self.qemu(destination, incoming=True)
                self.assert_failed(other.load(self.path('damaged')), other,
                                   destination)
                reasons[name] = destination.wait_line('damaged|refused')
                self.assertNotIn('committed', destination.log)
                self.assertEqual(self.tables()[1], before, 'untouched')
                other.stop()
                # The same back-end takes the good one next.
                with open(self.path('undamaged'), 'wb') as undamaged:
                    undamaged.write(good)
                again = self.qemu(destination, incoming=True)
                self.assert_completed(again.load(self.path('undamaged')),
                                      again, destination)
                destination.wait_line('^committed$')
                self.assertEqual(*self.tables())
                again.stop()
                destination.stop()
        for name, reason in reasons.items():
            print('%s: %s' % (name, reason))


if __name__ == '__main__':
    harness.main()
