# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Back-ends that refuse, die or hang: QEMU fails cleanly and lives on."""

import time

import harness

SIZE = 4 << 20  # more than every pipe holds, so that a hang would be one


class FailureTest(harness.QemuTest):

    def image(self):
        """A good migration file of one virtio-fs device."""
        source = self.backend(size=SIZE, seed=1)
        qemu = self.qemu(source)
        path = self.path('good')
        self.assert_completed(qemu.save(path), qemu)
        qemu.stop()
        source.stop()
        return path

    def test_a4_refused_save_leaves_the_machine_running(self):
        for channel in ('given', 'memfd'):
            with self.subTest(channel=channel):
                source = self.backend(size=SIZE, seed=1, channel=channel,
                                      fault='refuse-save:1')
                qemu = self.qemu(source)
                qemu.command('cont')
                self.assert_failed(qemu.save(self.path('refused')), qemu)
                qemu.wait_running()
                qemu.wait_line('Error saving back-end state')
                source.wait_line('refused on purpose')
                self.assert_completed(qemu.save(self.path('retried')), qemu,
                                      source)
                destination = self.backend()
                other = self.qemu(destination, incoming=True)
                self.assert_completed(other.load(self.path('retried')), other)
                destination.wait_line('^committed size=%d seed=1$' % SIZE)

    def test_a5_refused_load_is_heard_of_and_the_next_one_works(self):
        image = self.image()
        destination = self.backend(fault='refuse-load:1')
        other = self.qemu(destination, incoming=True)
        self.assert_failed(other.load(image), other)
        self.assertEqual(other.run_state(), 'inmigrate')
        # The back-end drained its channel, so CHECK was sent and answered.
        destination.wait_line('stage=checked direction=load .*refused on purpose')
        other.wait_line('failed to process its internal state')
        self.assertNotIn('committed', destination.log)
        other.stop()
        # The same back-end process, another front-end.
        again = self.qemu(destination, incoming=True)
        self.assert_completed(again.load(image), again, destination)
        destination.wait_line('^committed size=%d seed=1$' % SIZE)

    def test_a5_source_runs_on_when_the_destination_refuses(self):
        source = self.backend(size=SIZE, seed=1)
        qemu = self.qemu(source)
        destination = self.backend(fault='refuse-load')
        other = self.qemu(destination, incoming=True)
        for machine in (qemu, other):
            machine.command('migrate-set-capabilities', capabilities=[
                {'capability': 'return-path', 'state': True}])
        qemu.command('cont')
        uri = 'unix:' + self.path('migration')
        other.command('migrate-incoming', uri=uri, exit_on_error=False)
        qemu.command('migrate', uri=uri)
        self.assert_failed(qemu.migration(), qemu, other)
        qemu.wait_running()
        destination.wait_line('refused on purpose')
        # A file has no return path.
        qemu.command('migrate-set-capabilities', capabilities=[
            {'capability': 'return-path', 'state': False}])
        self.assert_completed(qemu.save(self.path('later')), qemu, source)

    def test_a6_killed_back_end_on_save(self):
        for fault in ('die-on-set', 'die-midway', 'die-on-check'):
            for channel in ('given', 'memfd'):
                with self.subTest(fault=fault, channel=channel):
                    source = self.backend(size=SIZE, seed=1, fault=fault,
                                          channel=channel)
                    qemu = self.qemu(source)
                    self.assert_failed(qemu.save(self.path('killed')), qemu)
                    self.assertEqual(source.wait_exit(), -9)
                    qemu.wait_line('Error saving back-end state')
                    self.assertEqual(qemu.quit(), 0)

    def test_a6_killed_back_end_on_load(self):
        image = self.image()
        for fault in ('die-on-set', 'die-midway', 'die-on-check'):
            for channel in ('given', 'memfd'):
                with self.subTest(fault=fault, channel=channel):
                    destination = self.backend(fault=fault, channel=channel)
                    other = self.qemu(destination, incoming=True)
                    self.assert_failed(other.load(image), other)
                    self.assertEqual(destination.wait_exit(), -9)
                    other.wait_line('Error loading back-end state')
                    self.assertEqual(other.quit(), 0)

    def test_a9_stuck_worker_on_save_is_ended_by_the_deadline(self):
        source = self.backend(size=SIZE, seed=1, fault='stuck', timeout_ms=700)
        qemu = self.qemu(source)
        qemu.command('cont')
        start = time.monotonic()
        self.assert_failed(qemu.save(self.path('stuck')), qemu)
        self.assertLess(time.monotonic() - start, 10)
        source.wait_line('DEADLINE_EXCEEDED')
        qemu.wait_running()
        # A second try finds the worker still stuck, and ends as well.
        self.assert_failed(qemu.save(self.path('again')), qemu)
        self.assertEqual(qemu.quit(), 0)
        source.process.terminate()
        self.assertEqual(source.wait_exit(), 0)

    def test_a9_stuck_worker_on_load_is_ended_by_the_deadline(self):
        image = self.image()
        for channel in ('given', 'socketpair', 'file'):
            with self.subTest(channel=channel):
                destination = self.backend(fault='stuck', timeout_ms=700,
                                           channel=channel)
                other = self.qemu(destination, incoming=True)
                self.assert_failed(other.load(image), other)
                self.assertEqual(other.run_state(), 'inmigrate')
                self.assertEqual(other.quit(), 0)
                # Without a CHECK to answer, the reason comes with the end of the
                # connection.
                destination.wait_line(
                    'direction=load .*status=DEADLINE_EXCEEDED')
                destination.process.terminate()
                self.assertEqual(destination.wait_exit(), 0)
                self.assertNotIn('committed', destination.log)


if __name__ == '__main__':
    harness.main()
