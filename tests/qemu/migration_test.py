# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Migrations under stock QEMU that must succeed, and their bounds."""

import os

import harness

CHANNELS = ('given', 'pipe', 'socketpair', 'memfd', 'file')
MIB = 1 << 20


class MigrationTest(harness.QemuTest):

    def migrate(self, device, channel, machine, accel, size, seed):
        source = self.backend(device=device, channel=channel, size=size,
                              seed=seed)
        qemu = self.qemu(source, machine=machine, accel=accel, devices=[device])
        image = self.path('image')
        self.assert_completed(qemu.save(image), qemu, source)
        destination = self.backend(device=device, channel=channel)
        other = self.qemu(destination, machine=machine, accel=accel,
                          devices=[device], incoming=True)
        self.assert_completed(other.load(image), other, destination)
        kind = 'pipe' if channel == 'given' else channel
        own = 0 if channel == 'given' else 1
        for backend, direction in ((source, 'save'), (destination, 'load')):
            backend.wait_line('stage=checked direction=%s channel=%s own=%d '
                              '.*reply=0x0 status=OK' % (direction, kind, own))
        destination.wait_line('^committed size=%d seed=%d$' % (size, seed))
        for process in (qemu, other, source, destination):
            process.stop()
        os.unlink(image)

    def test_a1_saves_to_a_file_and_loads_into_another_machine(self):
        seed = 0
        for device in ('fs', 'net'):
            for machine in ('q35', 'pc'):
                for accel in harness.accelerators():
                    for channel in CHANNELS:
                        seed += 1
                        with self.subTest(device=device, machine=machine,
                                          accel=accel, channel=channel):
                            self.migrate(device, channel, machine, accel,
                                         300000 + seed, seed)

    def test_a2_two_devices_in_one_machine(self):
        sources = [self.backend(device='fs', size=200000, seed=1),
                   self.backend(device='net', size=70000, seed=2,
                                channel='memfd'),
                   self.backend(device='fs', size=0, seed=3, channel='pipe')]
        devices = ['fs', 'net', 'fs']
        qemu = self.qemu(*sources, devices=devices)
        image = self.path('image')
        self.assert_completed(qemu.save(image), qemu)
        destinations = [self.backend(device=device) for device in devices]
        other = self.qemu(*destinations, devices=devices, incoming=True)
        self.assert_completed(other.load(image), other)
        for destination, line in zip(destinations, (
                'size=200000 seed=1', 'size=70000 seed=2', 'size=0 seed=3')):
            destination.wait_line('^committed %s$' % line)

    def test_a3_snapshots_go_both_ways_on_one_connection(self):
        backend = self.backend(size=500000, seed=5)
        qemu = self.qemu(backend, extra=self.snapshot_disk())
        for round_number in range(3):
            tag = 'tag%d' % round_number
            start = backend.mark()
            qemu.run_job('snapshot-save', tag=tag, vmstate='disk',
                         devices=['disk'])
            backend.wait_line('stage=checked direction=save .*status=OK', start)
            qemu.run_job('snapshot-load', tag=tag, vmstate='disk',
                         devices=['disk'])
            backend.wait_line('^committed size=500000 seed=5$', start)
        self.assertEqual(backend.log.count('front-end connected'), 1)

    def test_driver_that_runs_is_migrated_and_goes_on(self):
        # The network boot ROM is a guest with a virtio-net driver, and boots
        # in two seconds.
        source = self.backend(device='net', size=300000, seed=9)
        qemu = self.qemu(source, devices=['net'])
        qemu.command('cont')
        source.wait_line('^SET_VRING_KICK$')
        start = source.mark()
        image = self.path('image')
        self.assert_completed(qemu.save(image), qemu, source)
        saved = source.lines[start:]
        for line in ('SET_LOG_BASE', 'GET_VRING_BASE'):
            self.assertLess(saved.index(line),
                            saved.index('SET_DEVICE_STATE_FD'))
        # It goes on at the source,
        start = source.mark()
        qemu.command('cont')
        source.wait_line('^SET_VRING_KICK$', start)
        # and at the destination, where the load comes before everything else
        # that the device is told.
        destination = self.backend(device='net')
        other = self.qemu(destination, devices=['net'], incoming=True)
        self.assert_completed(other.load(image), other, destination)
        other.command('cont')
        destination.wait_line('^SET_VRING_KICK$')
        lines = destination.log.split('\n')
        self.assertLess(lines.index('committed size=300000 seed=9'),
                        lines.index('SET_FEATURES'))

    def test_a8_memory_stays_flat_whatever_the_size(self):
        peaks = {}
        for size in (1 * MIB, 100 * MIB):
            image = self.path('image')
            source = self.backend(size=size, seed=8)
            qemu = self.qemu(source)
            self.assert_completed(qemu.save(image), qemu, source)
            destination = self.backend()
            other = self.qemu(destination, incoming=True)
            self.assert_completed(other.load(image), other, destination)
            destination.wait_line('^committed size=%d seed=8$' % size)
            processes = (qemu, other, source, destination)
            peaks[size] = [p.peak_rss_kib() for p in processes]
            for process in processes:
                process.stop()
            os.unlink(image)
        print('peak RSS in KiB, save and load, QEMU and back-end:', peaks)
        for i in range(4):
            # QEMU's own buffers grow to the largest piece, 1 MiB; the rest
            # of the room is the allocator's.
            self.assertLess(peaks[100 * MIB][i], peaks[1 * MIB][i] + 16 * 1024,
                            peaks)
        self.assertLess(peaks[100 * MIB][2], 32 * 1024)
        self.assertLess(peaks[100 * MIB][3], 32 * 1024)

    def test_a10_feature_on_the_source_alone(self):
        for device in ('fs', 'net'):
            with self.subTest(device=device):
                source = self.backend(device=device, size=1000, seed=1)
                qemu = self.qemu(source, devices=[device])
                image = self.path(device)
                self.assert_completed(qemu.save(image), qemu)
                destination = self.backend(device=device, device_state='off')
                other = self.qemu(destination, devices=[device], incoming=True)
                self.assert_failed(other.load(image), other)
                self.assertNotIn('SET_DEVICE_STATE_FD', destination.log)

    def test_a10_feature_on_the_destination_alone(self):
        # virtio-net goes on without the state; virtio-fs cannot be saved.
        source = self.backend(device='net', device_state='off')
        qemu = self.qemu(source, devices=['net'])
        image = self.path('net')
        self.assert_completed(qemu.save(image), qemu)
        destination = self.backend(device='net', size=1000, seed=1)
        other = self.qemu(destination, devices=['net'], incoming=True)
        self.assert_completed(other.load(image), other)
        self.assertNotIn('SET_DEVICE_STATE_FD', destination.log)

        source = self.backend(device='fs', device_state='off')
        qemu = self.qemu(source)
        self.assert_failed(qemu.save(self.path('fs')), qemu)
        self.assertNotIn('SET_DEVICE_STATE_FD', source.log)


if __name__ == '__main__':
    harness.main()
