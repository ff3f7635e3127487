# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest on a real virtiofsd that has a proxy before it: virtiofsd is
exchanged under the guest, and the guest migrates.

Skipped where QEMU, virtiofsd or the guest is not there: tests/qemu/install.sh,
tests/foreign/install.sh and tests/qemu/install_guest.sh get them.
"""

import json
import os
import re
import signal

import foreign_testing
import guest
import harness
import proxy_case

EXCHANGES = 5
MEGABYTES = 48
READS = 4

# Waits for the destination with two files open.
MIGRANT = '''
mount -t virtiofs t0 /mnt
exec 3>>/mnt/log.txt 4</mnt/lines.txt
read line <&4
echo "read $line"
echo waiting
while [ ! -e /mnt/go ]; do sleep 0.1; done
echo 'from the destination' >&3
read line <&4
echo "read $line"
echo 'done'
'''


# Reads a line, and says so when nothing more is asked of the device.
READER = '''
mount -t virtiofs t0 /mnt
exec 4</mnt/lines.txt
read line <&4
echo "read $line"
echo 'done'
'''


# Reads a file through each of two devices in turn, past the guest's own cache,
# and says for how many hundredths of a second.
BENCHMARK = '''
reads=%d
mkdir /mnt/0 /mnt/1
mount -t virtiofs t0 /mnt/0
mount -t virtiofs t1 /mnt/1
mkdir /proc
mount -t proc proc /proc
now() { read up idle </proc/uptime; echo $up | tr -d .; }
echo mounted
for round in 1 2 3; do
  for device in 0 1; do
    start=$(now)
    for read in $(seq $reads); do
      dd if=/mnt/$device/data of=/dev/null bs=1M iflag=direct || echo failed
    done
    echo "device $device: $(($(now) - start))"
  done
done
echo 'done'
''' % READS


class ProxyTest(proxy_case.ProxyCase):

    def guest_memory(self, qemu):
        folder = '/proc/%d/fd' % qemu.process.pid
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if 'memory-backend-memfd' in os.readlink(path):
                with open(path, 'rb') as file:
                    return file.read()
        raise AssertionError('the machine has no memory')

    def test_virtiofsd_is_exchanged_under_a_guest_that_writes(self):
        proxy = self.proxy()
        qemu = self.guest(proxy, proxy_case.WRITER)
        qemu.command('cont')
        qemu.wait_line('^writing')
        self.grows()
        for _ in range(EXCHANGES):
            report = self.upgrade(proxy, '--command', self.command)
            self.assertTrue(report['exchanged'], proxy.log)
            self.assertGreater(report['stopped_milliseconds'], 0)
            self.grows()
        # Those that do not come about leave the guest as it was.
        for flags in (('--command', 'false {socket}'),
                      ('--command', self.command + ' --no-such-option'),
                      ('--command', self.command, '--backend-format',
                       'devstate', '--retries', '0')):
            report = self.upgrade(proxy, *flags, exit_code=1)
            self.assertTrue(report['old_serves'], report)
            self.grows()
        self.upgrade(proxy, '--command', self.command, '--dry-run')
        self.grows()
        self.assert_nothing_lost(qemu)
        qemu.stop()
        self.assertEqual(proxy.process.poll(), None)

    def test_the_proxy_is_exchanged_under_a_guest_that_writes(self):
        proxy = self.proxy()
        qemu = self.guest(proxy, proxy_case.WRITER)
        qemu.command('cont')
        qemu.wait_line('^writing')
        self.grows()
        for number in range(EXCHANGES):
            self.assertTrue(self.upgrade(proxy, '--itself')['exchanged'])
            self.grows()
            # What was handed over is what a new back-end needs.
            if number % 2 == 1:
                self.assertTrue(self.upgrade(proxy, '--command',
                                             self.command)['exchanged'])
                self.grows()
        self.assert_nothing_lost(qemu)
        # The rings are stopped through it, too.
        self.assertEqual(qemu.quit(), 0, qemu.log)
        proxy.wait_line('the back-end exited with code 0')
        self.assertIsNone(proxy.process.poll(), proxy.log)

    def traffic(self, proxy):
        """How much the proxy has read and written, in bytes and calls."""
        with open('/proc/%d/io' % proxy.process.pid, encoding='ascii') as io:
            return io.read()

    def test_what_a_guest_reads_does_not_pass_through_the_proxy(self):
        self.share('data', os.urandom(MEGABYTES << 20))
        proxy = self.proxy()
        direct = self.virtiofsd()
        folder = self.path('machine')
        os.mkdir(folder)
        qemu = self.qemu(proxy, direct, memory=guest.MEMORY,
                         extra=guest.make_initrd(folder, BENCHMARK) +
                         ['-serial', 'stdio'])
        qemu.command('cont')
        # Interrupts are set up when the first request is made.
        qemu.wait_line('^device 1:')
        before = self.traffic(proxy)
        qemu.wait_line('^done')
        self.assertNotIn('failed', qemu.log)
        self.assertEqual(self.traffic(proxy), before)
        for device, which in enumerate(('with the proxy', 'without')):
            times = re.findall(r'(?m)^device %d: (\d+)' % device, qemu.log)
            print('%d MiB %s in %s s' % (
                READS * MEGABYTES, which,
                ', '.join('%.2f' % (int(time) / 100) for time in times)),
                  flush=True)

    def test_an_exchange_during_a_migration_loses_nothing(self):
        source = self.proxy()
        qemu = self.guest(source, proxy_case.WRITER)
        qemu.command('cont')
        qemu.wait_line('^writing')
        self.grows()
        # It lasts until it is let go.
        qemu.command('migrate-set-parameters', max_bandwidth=1 << 20)
        qemu.command('migrate', uri='file:' + self.path('vm.mig'))
        harness.eventually(
            lambda: qemu.command('query-migrate').get('status') == 'active',
            'the migration to begin')
        report = self.upgrade(source, '--command', self.command)
        self.assertTrue(report['exchanged'], source.log)
        self.assertEqual(qemu.command('query-migrate')['status'], 'active')
        self.grows()
        # It writes to the end, so a request may be under way when it stops.
        qemu.command('migrate-set-parameters', max_bandwidth=1 << 30)
        self.assert_completed(qemu.migration(), qemu, source)
        qemu.stop()
        source.stop()
        destination = self.proxy()
        qemu = self.guest(destination, proxy_case.WRITER, incoming=True)
        self.assert_completed(qemu.load(self.path('vm.mig')), qemu, destination)
        qemu.command('cont')
        self.grows()
        self.assert_wrote_all(qemu)
        self.assertIn('read two', qemu.log)

    def test_an_exchange_writes_nothing_into_the_memory_of_an_idle_guest(self):
        proxy = self.proxy()
        qemu = self.guest(proxy, READER)
        qemu.command('cont')
        qemu.wait_line('^done')
        # The rings stay as they are: QEMU itself stops, not its machine.
        os.kill(qemu.process.pid, signal.SIGSTOP)
        before = self.guest_memory(qemu)
        report = self.upgrade(proxy, '--command', self.command)
        after = self.guest_memory(qemu)
        os.kill(qemu.process.pid, signal.SIGCONT)
        self.assertGreater(report['stopped_milliseconds'], 0)
        self.assertEqual(len(before), len(after))
        self.assertEqual([page for page in range(0, len(before), 4096)
                          if before[page:page + 4096] !=
                          after[page:page + 4096]], [])

    def test_a_guest_with_new_memory_comes_up_again_after_an_exchange(self):
        proxy = self.proxy()
        # A kernel that may get more memory needs more to start.
        qemu = self.guest(proxy, READER, memory='192M',
                          extra=('-m', 'slots=1,maxmem=1G'))
        qemu.command('cont')
        qemu.wait_line('^done')
        self.upgrade(proxy, '--command', self.command)
        qemu.command('object-add', qom_type='memory-backend-memfd', id='more',
                     share=True, size=128 << 20)
        qemu.command('device_add', driver='pc-dimm', id='dimm', memdev='more')
        start = qemu.mark()
        qemu.command('system_reset')
        qemu.wait_line('^done', start)
        self.upgrade(proxy, '--command', self.command)
        start = qemu.mark()
        qemu.command('system_reset')
        qemu.wait_line('^done', start)
        self.assertIsNone(proxy.process.poll(), proxy.log)

    def save_migrant(self, *flags):
        """The file with a MIGRANT that waits."""
        source = self.proxy(*flags)
        qemu = self.guest(source, MIGRANT)
        qemu.command('cont')
        qemu.wait_line('^waiting')
        self.assert_completed(qemu.save(self.path('vm.mig')), qemu, source)
        qemu.stop()
        source.stop()
        return self.path('vm.mig')

    def migrant_goes_on(self, vm, destination):
        qemu = self.guest(destination, MIGRANT, incoming=True)
        self.assert_completed(qemu.load(vm), qemu, destination)
        qemu.command('cont')
        self.share('go', b'')
        qemu.wait_line('^done')
        self.assertIn('read two', qemu.log)
        self.assertEqual(self.read('share/log.txt'), b'from the destination\n')

    def test_the_migration_stream_has_a_portable_state(self):
        vm = self.save_migrant()
        listed = json.loads(self.devstate('qemu', 'list', '--format', 'json',
                                          vm))['devices']
        self.assertEqual([device['kind'] for device in listed], ['devstate'])
        self.devstate('verify', vm)
        self.assertIn('devices.fs.v1', self.devstate('info', vm))

        # One flipped bit, and virtiofsd is not even asked.
        self.devstate('qemu', 'extract', vm, '-o', self.path('state'))
        damaged = bytearray(self.read('state'))
        damaged[len(damaged) // 2] ^= 1
        with open(self.path('damaged'), 'wb') as file:
            file.write(damaged)
        self.inject('vm.mig', 'damaged', 'damaged.mig')
        destination = self.proxy('--backend-format', 'virtiofsd')
        qemu = self.guest(destination, MIGRANT, incoming=True)
        self.assert_failed(qemu.load(self.path('damaged.mig')), qemu,
                           destination)
        destination.wait_line('load refused, the back-end is as it was')
        qemu.stop()
        destination.stop()

        self.migrant_goes_on(vm, self.proxy())

    @foreign_testing.needs(foreign_testing.FIRST)
    def test_a_guest_goes_on_with_a_release_that_reads_another_version(self):
        vm = self.save_migrant()
        destination = self.proxy(backend=(
            '--command', self.command_of(foreign_testing.FIRST)))
        self.migrant_goes_on(vm, destination)

    def test_a_back_end_of_devstate_takes_the_state(self):
        flags = ('--shared-dir=' + self.shared, '--await-load')
        # It offers less than virtiofsd.
        like = self.capabilities(' '.join((
            harness.EXAMPLES['fs'], '--socket-path {socket}', *flags)))
        vm = self.save_migrant('--features-like', like)
        table = self.path('table')
        destination = self.example('fs', '--table-out=' + table, *flags)
        qemu = self.guest(destination, MIGRANT, incoming=True)
        self.assert_completed(qemu.load(vm), qemu, destination)
        for name in ('log.txt', 'lines.txt'):
            self.assertIn(name, self.read('table').decode())


if __name__ == '__main__':
    foreign_testing.require_virtiofsd()
    guest.require()
    harness.main()
