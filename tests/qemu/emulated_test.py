# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""A Linux guest sets up devices that QEMU emulates. Their states go from the
migration file through devstate into back-ends, and back into a file that QEMU
loads.

Skipped where QEMU or the guest is not there: tests/qemu/install.sh and
tests/qemu/install_guest.sh get them.
"""

import json
import os
import socket
import subprocess

import guest
import harness

DEVSTATE = os.environ.get('DEVSTATE', 'cli/devstate')
NET = '0000:00:01.0/virtio-net'
CONSOLE = '0000:00:02.0/virtio-console'
PORT = 1
# The queue of what the guest writes to the port.
OUTPUT_QUEUE = 2 * PORT + 3
FIRST, LAST = 100000, 299999
# All that the guest writes to the port, in buffers of this size.
TEXT = b''.join(b'%d\n' % number for number in range(FIRST, LAST + 1))
BUFFER = 1000

# Two VLANs, another that is gone again, and a second address on the link. Linux
# uses as many pairs of queues as there are processors. Then the guest writes more
# to the port than its host takes.
SCRIPT = '''
ip link set eth0 up
for vlan in 5 7 4000; do
  ip link add link eth0 name v$vlan type vlan id $vlan
  ip link set v$vlan up
done
ip link del v7
ip link add link eth0 name second type macvlan
ip link set second address 02:00:00:00:00:77
ip link set second up
seq %d %d >/text
echo ready
dd if=/text of=/dev/vport1p1 bs=%d
echo written
''' % (FIRST, LAST, BUFFER)


def devstate(*arguments, code=0):
    run = subprocess.run([DEVSTATE] + list(arguments), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode != code:
        raise AssertionError('%s: %d: %s' % (arguments, run.returncode,
                                             run.stderr))
    return run.stdout + run.stderr


class EmulatedTest(harness.QemuTest):

    def setUp(self):
        super().setUp()
        self.machine = guest.make_initrd(self.folder, SCRIPT,
                                         guest.NET + guest.CONSOLE)
        self.machine += ['-smp', '2', '-serial', 'stdio']
        self.host = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.host.close)
        self.host.bind(self.path('port'))
        self.host.listen(1)

    def start(self, backend=None, incoming=False):
        """A machine with a network device of two pairs of queues, and a port
        whose host takes nothing until the test reads. QEMU keeps the state of
        the network device, unless `backend` does."""
        backend = backend or self.backend(device='net', device_state='off',
                                          queue_pairs=2)
        qemu = self.qemu(memory=guest.MEMORY,
                         incoming=incoming, extra=self.machine + [
                             '-chardev', 'socket,id=net,path=' + backend.path,
                             '-netdev', 'vhost-user,id=n0,chardev=net,queues=2',
                             '-device', 'virtio-net-pci,netdev=n0,mq=on,addr=1,'
                             'ctrl_mac_addr=off,mac=02:00:00:00:00:01',
                             '-device', 'virtio-serial-pci,addr=2',
                             '-chardev',
                             'socket,id=port,path=' + self.path('port'),
                             '-device',
                             'virtserialport,chardev=port,nr=%d' % PORT])
        port, _ = self.host.accept()
        self.addCleanup(port.close)
        return qemu, backend, port

    def save(self):
        """Saves the guest with a buffer in flight; returns what the host has
        taken of the text."""
        qemu, backend, port = self.start()
        qemu.command('cont')
        qemu.wait_line('^ready')

        def in_flight():
            for device in qemu.command('x-query-virtio'):
                if device['name'] == 'virtio-serial':
                    return qemu.command('x-query-virtio-queue-status',
                                        path=device['path'],
                                        queue=OUTPUT_QUEUE)['inuse'] == 1
            return False
        harness.eventually(in_flight, 'a buffer in flight')
        qemu.command('stop')
        self.assert_completed(qemu.save(self.path('vm.mig')), qemu)
        qemu.stop()
        backend.stop()
        with port, port.makefile('rb') as stream:
            return stream.read()

    def convert(self, schema, device, name):
        devstate('convert', self.path('vm.mig'), '--from', 'qemu', '--device',
                 device, '--to', schema, '-o', self.path(name))

    def load(self, name, backend):
        devstate('load', '--socket', backend.path, self.path(name))
        backend.stop()

    def test_every_form_of_the_transport_is_read(self):
        """PCI Express, packed rings, a hash, no MSI-X, no VIRTIO 1.0."""
        qemu = self.qemu(extra=[
            '-device', 'pcie-root-port,id=root,chassis=1',
            '-device', 'virtio-net-pci,bus=root,packed=on,hash=on,rss=on',
            '-device', 'virtio-serial-pci,vectors=0,disable-modern=on,'
                       'disable-legacy=off',
            '-device', 'virtio-balloon-pci,packed=on,page-poison=on',
            '-device', 'virtio-tablet-pci', '-device', 'virtio-iommu-pci'])
        self.assert_completed(qemu.save(self.path('vm.mig')), qemu)
        text = devstate('qemu', 'list', '--format', 'json', self.path('vm.mig'))
        emulated = {entry['schema'].split('.')[1]: entry
                    for entry in json.loads(text)['emulated']}
        self.assertEqual(set(emulated),
                         {'net', 'console', 'balloon', 'input', 'iommu'})
        # There is no driver.
        self.assertIn('no driver has looked at it',
                      emulated.pop('iommu')['remedy'])
        for type_of, entry in emulated.items():
            self.convert(entry['schema'], entry['id'], type_of)

    def test_devices_move_to_back_ends_and_back(self):
        taken = self.save()
        self.assertEqual(taken, TEXT[:len(taken)])
        self.assertEqual(len(taken) % BUFFER, 0)
        self.convert('devices.net.v1', NET, 'net')
        self.convert('devices.console.v1', CONSOLE, 'console')
        self.list_has_the_devices()
        self.filters_are_those_of_the_guest()
        self.back_end_takes_over_in_qemu()
        self.buffer_is_in_flight(len(taken) // BUFFER)
        self.guest_goes_on_in_qemu(TEXT[len(taken):])

    def list_has_the_devices(self):
        text = devstate('qemu', 'list', '--format', 'json', self.path('vm.mig'))
        emulated = {entry['id']: entry['schema']
                    for entry in json.loads(text)['emulated']
                    if entry['convertible']}
        self.assertEqual(emulated, {NET: 'devices.net.v1',
                                    CONSOLE: 'devices.console.v1'})

    def filters_are_those_of_the_guest(self):
        out = self.path('net-state')
        self.load('net', self.example('net', '--await-load',
                                      '--state-out=' + out))
        self.has_the_filters(out)

    def back_end_takes_over_in_qemu(self):
        """The device has another back-end than QEMU after the load."""
        devstate('qemu', 'inject', self.path('vm.mig'), self.path('net'),
                 '--device', NET, '-o', self.path('backend.mig'))
        out = self.path('net-state-in-qemu')
        backend = self.example('net', '--await-load', '--state-out=' + out)
        qemu, _, port = self.start(backend, incoming=True)
        self.assert_completed(qemu.load(self.path('backend.mig')), qemu,
                              backend)
        qemu.stop()
        port.close()
        backend.stop()
        self.has_the_filters(out)

    def has_the_filters(self, out):
        with open(out, encoding='ascii') as file:
            state = file.read().splitlines()
        for line in ('mac 02:00:00:00:00:01', 'unicast 02:00:00:00:00:77',
                     'multicast 01:00:5e:00:00:01', 'active_queue_pairs 2',
                     'vlan 5', 'vlan 4000'):
            self.assertIn(line, state)
        self.assertNotIn('vlan 7', state)

    def buffer_is_in_flight(self, answered):
        out = self.path('console-state')
        self.load('console', self.example(
            'any', '--schema=devices.console.v1', '--await-load',
            '--state-out=' + out))
        state = json.loads(devstate('dump', '--format', 'json', out))
        self.assertEqual(
            [(port['id'], port['guest_open'], port['host_open'])
             for port in state['ports']], [(PORT, True, True)])
        ring, = (ring['split'] for ring in state['vrings']
                 if ring.get('index') == OUTPUT_QUEUE)
        self.assertEqual(ring['used_idx'], answered)
        self.assertEqual(ring['last_avail_idx'], answered + 1)
        self.assertEqual([request['vring'] for request in state['inflight']],
                         [OUTPUT_QUEUE])

    def guest_goes_on_in_qemu(self, rest):
        """The states go back into the file, and nothing of the text is lost or
        written twice."""
        current = self.path('vm.mig')
        for device, name in ((NET, 'net'), (CONSOLE, 'console')):
            changed = self.path('with-' + name)
            devstate('convert', self.path(name), '--to', 'qemu', '--template',
                     current, '--device', device, '-o', changed)
            current = changed
        qemu, _, port = self.start(incoming=True)
        self.assert_completed(qemu.load(current), qemu)
        qemu.command('cont')
        port.settimeout(harness.PATIENCE)
        received = b''
        while len(received) < len(rest):
            received += port.recv(len(rest))
        self.assertEqual(received, rest)
        qemu.wait_line('^written')


if __name__ == '__main__':
    guest.require(guest.NET + guest.CONSOLE)
    harness.main()
