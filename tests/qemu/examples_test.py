# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The example back-ends, which have real states, under stock QEMU."""

import os

import examples
import harness
import image as migration_file

DEVICES = ['fs', 'net']


class ExamplesTest(examples.ExampleTest):

    def migrate(self, device, flags, seed, machine, accel):
        source = self.source(device, *flags, seed=seed)
        qemu = self.qemu(source, devices=[device], machine=machine, accel=accel)
        path = self.path('image')
        self.assert_completed(qemu.save(path), qemu, source)
        source.wait_line('^saved: ')
        destination = self.destination(device, *flags)
        self.assertNotEqual(self.text('destination', device),
                            self.text('source', device))
        other = self.qemu(destination, devices=[device], machine=machine,
                          accel=accel, incoming=True)
        self.assert_completed(other.load(path), other, destination)
        destination.wait_line('^committed$')
        self.assert_same_state(device)
        for process in (qemu, other, source, destination):
            process.stop()
        os.unlink(path)

    def test_a1_states_are_equal_whatever_the_channel(self):
        seed = 0
        for device in DEVICES:
            for machine in ('q35', 'pc'):
                for accel in harness.accelerators():
                    for channel, flags in examples.CHANNELS.items():
                        seed += 1
                        with self.subTest(device=device, machine=machine,
                                          accel=accel, channel=channel):
                            self.migrate(device, flags, seed, machine, accel)

    def test_a2_both_examples_in_one_machine(self):
        flags = {'fs': examples.CHANNELS['memfd'], 'net': []}
        sources = [self.source(device, *flags[device]) for device in DEVICES]
        qemu = self.qemu(*sources, devices=DEVICES)
        path = self.path('image')
        self.assert_completed(qemu.save(path), qemu, *sources)
        destinations = [self.destination(device, *flags[device])
                        for device in DEVICES]
        other = self.qemu(*destinations, devices=DEVICES, incoming=True)
        self.assert_completed(other.load(path), other, *destinations)
        for device, destination in zip(DEVICES, destinations):
            destination.wait_line('^committed$')
            self.assert_same_state(device)

    def test_a3_snapshots_go_both_ways_on_one_connection(self):
        backends = [self.source(device) for device in DEVICES]
        before = [self.text('source', device) for device in DEVICES]
        qemu = self.qemu(*backends, devices=DEVICES,
                         extra=self.snapshot_disk())
        for round_number in range(2):
            arguments = {'tag': 'tag%d' % round_number, 'vmstate': 'disk',
                         'devices': ['disk']}
            starts = [backend.mark() for backend in backends]
            qemu.run_job('snapshot-save', **arguments)
            for backend, start in zip(backends, starts):
                backend.wait_line('^saved: ', start)
            # Only a load writes them again.
            for device in DEVICES:
                os.unlink(self.path('source-' + device))
            qemu.run_job('snapshot-load', **arguments)
            for backend, start in zip(backends, starts):
                backend.wait_line('^committed$', start)
            self.assertEqual([self.text('source', device)
                              for device in DEVICES], before)
        for backend in backends:
            self.assertEqual(backend.log.count('front-end connected'), 1)

    def test_a5_source_runs_on_when_the_destination_refuses(self):
        # Over a socket, with the reason that a real back-end has: a file that
        # the destination lacks.
        source = self.source('fs')
        qemu = self.qemu(source)
        gone = os.path.join(self.tree, 'folder1', 'a file with a name 1')
        os.rename(gone, self.path('elsewhere'))
        destination = self.destination('fs')
        empty = self.text('destination', 'fs')
        other = self.qemu(destination, incoming=True)
        for machine in (qemu, other):
            machine.command('migrate-set-capabilities', capabilities=[
                {'capability': 'return-path', 'state': True}])
        qemu.command('cont')
        uri = 'unix:' + self.path('migration')
        other.command('migrate-incoming', uri=uri, exit_on_error=False)
        qemu.command('migrate', uri=uri)
        self.assert_failed(qemu.migration(), qemu, other)
        self.assert_failed(other.migration(), other, destination)
        qemu.wait_running()
        destination.wait_line('^refused: .*a file with a name 1')
        self.assertEqual(self.text('destination', 'fs'), empty)
        other.stop()
        # The file is back, and so is the way.
        os.rename(self.path('elsewhere'), gone)
        again = self.qemu(destination, incoming=True)
        again.command('migrate-set-capabilities', capabilities=[
            {'capability': 'return-path', 'state': True}])
        uri = 'unix:' + self.path('second')
        again.command('migrate-incoming', uri=uri, exit_on_error=False)
        qemu.command('migrate', uri=uri)
        self.assert_completed(qemu.migration(), qemu, again, source)
        self.assert_completed(again.migration(), again, destination)
        self.assert_same_state('fs')

    def good_image(self, device, piece):
        source = self.source(device, '--compression=raw')
        qemu = self.qemu(source, devices=[device])
        path = self.path('good')
        self.assert_completed(qemu.save(path), qemu, source)
        qemu.stop()
        source.stop()
        with open(path, 'rb') as image:
            # Several pieces, so that there is something to cut and to swap.
            return migration_file.cut_evenly(image.read(), piece)

    def damaged_images(self, good):
        """What to do to a good image, and which reason must be named."""
        # Those in the middle of the state, behind the stream's header.
        chunks = migration_file.chunks_of(good)
        self.assertGreater(len(chunks), 4)
        (first, length), (second, _) = chunks[-3], chunks[-2]
        flipped = bytearray(good)
        flipped[first + 4 + length // 2] ^= 0x04
        zeroed = bytearray(good)
        zeroed[second:second + 4] = b'\0\0\0\0'
        swapped = bytearray(good)
        swapped[first + 4:first + 4 + length] = \
            good[second + 4:second + 4 + length]
        swapped[second + 4:second + 4 + length] = \
            good[first + 4:first + 4 + length]
        return {
            'cut at a chunk boundary': (good[:second], 'no-trailer'),
            'length zeroed': (zeroed, 'no-trailer'),
            'bit flipped': (flipped, 'checksum'),
            'chunks swapped': (swapped, 'checksum'),
        }

    def refuse_then_load(self, device, good, damaged, reason):
        with open(self.path('damaged'), 'wb') as file:
            file.write(damaged)
        with open(self.path('undamaged'), 'wb') as file:
            file.write(good)
        destination = self.destination(device)
        empty = self.text('destination', device)
        other = self.qemu(destination, devices=[device], incoming=True)
        self.assert_failed(other.load(self.path('damaged')), other, destination)
        line = destination.wait_line(r'^damaged: .*\[%s\] offset 0x.*: chunk ' % reason)
        self.assertNotIn('committed', destination.log)
        self.assertEqual(self.text('destination', device), empty)
        other.stop()
        # The same back-end takes the good one next.
        again = self.qemu(destination, devices=[device], incoming=True)
        self.assert_completed(again.load(self.path('undamaged')), again,
                              destination)
        destination.wait_line('^committed$')
        self.assert_same_state(device)
        again.stop()
        destination.stop()
        return line

    def test_a7_damage_is_refused_with_its_reason(self):
        for device, piece in (('fs', 8 << 10), ('net', 512)):
            good = self.good_image(device, piece)
            for name, (image, reason) in self.damaged_images(good).items():
                with self.subTest(device=device, damage=name):
                    line = self.refuse_then_load(device, good, image, reason)
                    print('%s, %s: %s' % (device, name, line))


if __name__ == '__main__':
    harness.main()
