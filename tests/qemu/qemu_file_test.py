# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""devstate qemu on what this machine's QEMU writes, and QEMU on what it makes."""

import json
import os
import socket
import subprocess
import threading

import harness
import image

DEVSTATE = os.environ.get('DEVSTATE', 'cli/devstate')
DEVICES = ['fs', 'net', 'net', 'fs']
STATES = [(200000, 1), (70000, 2), None, (30, 3)]
CAPABILITIES = {
    'plain': [],
    'mapped-ram': ['mapped-ram'],
    'mapped-ram and multifd': ['mapped-ram', 'multifd'],
    'xbzrle': ['xbzrle'],
}
# Many kinds of sections, each with a size of its own.
OTHER_DEVICES = [
    '-device', 'qemu-xhci', '-device', 'usb-tablet', '-device', 'usb-kbd',
    '-device', 'virtio-balloon-pci', '-device', 'virtio-rng-pci',
    '-device', 'virtio-serial-pci', '-device', 'virtio-scsi-pci',
    '-device', 'virtio-keyboard-pci', '-device', 'e1000e', '-device', 'igb',
    '-device', 'pcie-root-port,chassis=1', '-device', 'intel-hda',
]


def devstate(*arguments):
    run = subprocess.run([DEVSTATE] + list(arguments), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    if run.returncode != 0:
        raise AssertionError('%s: %d: %s' % (arguments, run.returncode,
                                             run.stderr.decode()))
    return run.stdout


def listed(path):
    text = devstate('qemu', 'list', '--format', 'json', path)
    return json.loads(text)['devices']


class Recorder:
    """Takes every channel of a migration, and keeps what comes."""

    def __init__(self, path):
        self.channels = []
        self.readers = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def _accept(self):
        while True:
            try:
                channel, _ = self.socket.accept()
            except OSError:
                return
            self.readers.append(threading.Thread(
                target=self._read, args=(channel,), daemon=True))
            self.readers[-1].start()

    def _read(self, channel):
        with channel, channel.makefile('rb') as stream:
            self.channels.append(stream.read())

    def finish(self):
        """What came, when the sender has closed all channels."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.acceptor.join(harness.PATIENCE)
        for reader in self.readers:
            reader.join(harness.PATIENCE)
        return self.channels


class QemuFileTest(harness.QemuTest):

    def set_capabilities(self, qemu, names):
        if names:
            qemu.command('migrate-set-capabilities', capabilities=[
                {'capability': name, 'state': True} for name in names])

    def save(self, path, capabilities, extra=()):
        backends = [self.backend(device=device, device_state='off')
                    if state is None else
                    self.backend(device=device, size=state[0], seed=state[1])
                    for device, state in zip(DEVICES, STATES)]
        qemu = self.qemu(*backends, devices=DEVICES, extra=extra)
        self.set_capabilities(qemu, capabilities)
        self.assert_completed(qemu.save(path), qemu)
        for process in [qemu] + backends:
            process.stop()

    def assert_loads(self, path, capabilities, states, extra=()):
        backends = [self.backend(device=device, **(
            {'device_state': 'off'} if state is None else {}))
                    for device, state in zip(DEVICES, states)]
        qemu = self.qemu(*backends, devices=DEVICES, incoming=True,
                         extra=extra)
        self.set_capabilities(qemu, capabilities)
        self.assert_completed(qemu.load(path), qemu)
        for backend, state in zip(backends, states):
            if state is not None:
                backend.wait_line('^committed size=%d seed=%d$' % state)
        for process in [qemu] + backends:
            process.stop()

    def round_trip(self, capabilities, extra=()):
        path = self.path('image')
        self.save(path, capabilities, extra)
        devices = listed(path)
        self.assertEqual(
            [device['device'].split('/')[1] for device in devices],
            ['vhost-user-fs', 'virtio-net', 'vhost-user-fs'])
        # Each state goes to where the one before it was: other lengths, and
        # for the last one another number of digits.
        states = []
        for number, device in enumerate(devices):
            states.append(self.path('state%d' % number))
            devstate('qemu', 'extract', path, '--device', device['device'],
                     '-o', states[-1])
            self.assertEqual(os.path.getsize(states[-1]), device['bytes'])
        current = path
        for number, device in enumerate(devices):
            changed = self.path('changed%d' % number)
            devstate('qemu', 'inject', current, '--device', device['device'],
                     states[number - 1], '-o', changed)
            current = changed
        # Holes stay holes.
        self.assertLess(os.stat(current).st_blocks,
                        os.stat(path).st_blocks + 8192)
        self.assertEqual(sorted(device['bytes'] for device in listed(current)),
                         sorted(device['bytes'] for device in devices))
        self.assert_loads(current, capabilities,
                          [STATES[3], STATES[0], None, STATES[1]], extra)
        # And back again: the same file but for where chunks begin and end.
        for number, device in enumerate(devices):
            changed = self.path('back%d' % number)
            devstate('qemu', 'inject', current, '--device', device['device'],
                     states[number], '-o', changed)
            current = changed
        self.assert_loads(current, capabilities, STATES, extra)

    def test_files_of_every_kind(self):
        for name, capabilities in CAPABILITIES.items():
            if 'mapped-ram' in capabilities and harness.qemu_version() < (9, 0):
                continue
            with self.subTest(name):
                self.round_trip(capabilities)

    def test_machine_with_many_other_devices(self):
        self.round_trip([], OTHER_DEVICES)

    def test_main_channel_of_a_migration_over_several(self):
        backend = self.backend(size=200000, seed=1)
        qemu = self.qemu(backend)
        self.set_capabilities(qemu, ['multifd'])
        recorder = Recorder(self.path('channels'))
        qemu.command('migrate', uri='unix:' + self.path('channels'))
        self.assert_completed(qemu.migration(), qemu)
        qemu.stop()
        channels = recorder.finish()
        self.assertGreater(len(channels), 1)
        main = [channel for channel in channels if channel[:4] == b'QEVM']
        self.assertEqual(len(main), 1)
        path = self.path('image')
        with open(path, 'wb') as file:
            file.write(main[0])
        self.assertEqual(devstate('qemu', 'extract', path, '-o', '-'),
                         image.state_of(main[0]))

    def test_section_before_guest_memory(self):
        path = self.path('image')
        backend = self.backend(size=1000, seed=1)
        qemu = self.qemu(backend, extra=[
            '-m', '64M,maxmem=1G',
            '-object', 'memory-backend-ram,id=more,size=128M',
            '-device', 'virtio-mem-pci,memdev=more'])
        self.assert_completed(qemu.save(path), qemu)
        with open(path, 'rb') as file:
            self.assertIn(b'virtio-mem-device-early', file.read(4096))
        self.assertEqual(len(listed(path)), 1)

    def test_found_state_is_the_one_that_was_sent(self):
        path = self.path('image')
        backend = self.backend(device='net', size=300000, seed=4)
        qemu = self.qemu(backend, devices=['net'])
        self.assert_completed(qemu.save(path), qemu)
        with open(path, 'rb') as file:
            sent = image.state_of(file.read())
        self.assertEqual(devstate('qemu', 'extract', path, '-o', '-'), sent)

    def test_file_without_a_description_is_refused(self):
        path = self.path('image')
        backend = self.backend(size=1000, seed=1)
        qemu = self.qemu(backend, machine='q35,suppress-vmdesc=on')
        self.assert_completed(qemu.save(path), qemu)
        with self.assertRaisesRegex(AssertionError, r': 3: .*suppress-vmdesc'):
            listed(path)


if __name__ == '__main__':
    harness.main()
