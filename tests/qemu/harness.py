# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Back-ends and virtual machines as child processes, for the tests here.

Every wait has an end: what should come and does not within PATIENCE fails the
test instead of hanging it.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

# In seconds. What takes longest is an emulated guest that boots: some 10 s of
# the processor's time, of which a busy machine gives it a quarter.
PATIENCE = 120
BACKEND = os.environ.get('OPAQUE_BACKEND', 'tests/qemu/opaque_backend')
EXAMPLES = {
    'fs': 'examples/fs_backend/fs_backend',
    'fs_v1': 'examples/fs_backend/fs_backend_v1',
    'fs_v2': 'examples/fs_backend/fs_backend_v2',
    'fs_alt': 'examples/fs_backend_alt/fs_backend_alt',
    'net': 'examples/net_backend/net_backend',
    'any': 'examples/any_backend/any_backend',
    'blk': 'examples/blk_backend/blk_backend',
}
QEMU = shutil.which('qemu-system-x86_64')
MINIMUM = (8, 2)
# A current one next to it, where install_newest.sh puts it.
NEWEST_QEMU = '/opt/devstate/qemu-newest/qemu-system-x86_64'
# A type of machine that both have.
COMMON_MACHINE = 'pc-q35-8.2'


def qemu_version():
    if QEMU is None:
        return None
    out = subprocess.run([QEMU, '--version'], stdout=subprocess.PIPE,
                         text=True, check=True).stdout
    found = re.search(r'version (\d+)\.(\d+)', out)
    return (int(found[1]), int(found[2])) if found else None


def blk_device(queues, *properties):
    """A disk for Qemu(), whose back-end may end and come again."""
    return ','.join(('vhost-user-blk-pci', 'num-queues=%d' % queues) +
                    properties)


def reconnecting():
    """The flag of a chardev that connects again, soon."""
    return ',reconnect-ms=50' if qemu_version() >= (9, 2) else ',reconnect=1'


def accelerators():
    """tcg, and kvm where this user may open it."""
    names = ['tcg']
    try:
        os.close(os.open('/dev/kvm', os.O_RDWR))
        names.append('kvm')
    except OSError:
        pass
    return names


def eventually(condition, what):
    """Polls until condition() returns something true, and returns that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.005)
    raise AssertionError('waited in vain for ' + what)


class Process:
    """A child whose output is kept line by line."""

    def __init__(self, command, stderr=subprocess.STDOUT):
        self.lines = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=stderr,
                                        text=True, errors='replace')
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip('\n'))
                self.changed.notify_all()
        with self.changed:
            self.lines.append('<end of output>')
            self.changed.notify_all()

    @property
    def log(self):
        with self.changed:
            return '\n'.join(self.lines)

    def mark(self):
        with self.changed:
            return len(self.lines)

    def wait_line(self, pattern, start=0):
        """The first line from `start` on that `pattern` is found in."""
        def find():
            for line in self.lines[start:]:
                if re.search(pattern, line):
                    return line
            return None
        with self.changed:
            if not self.changed.wait_for(find, PATIENCE):
                raise AssertionError('no line like %r in:\n%s' %
                                     (pattern, '\n'.join(self.lines)))
            return find()

    def wait_exit(self):
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code

    def peak_rss_kib(self):
        with open('/proc/%d/status' % self.process.pid) as status:
            return int(re.search(r'VmHWM:\s+(\d+)', status.read())[1])

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()


class Backend(Process):
    def __init__(self, path, **flags):
        command = [BACKEND, '--socket-path=' + path]
        command += ['--%s=%s' % (name.replace('_', '-'), value)
                    for name, value in flags.items()]
        super().__init__(command)
        self.path = path
        self.wait_line('^listening$')


class ExampleBackend(Process):
    """One of examples/: a device with a real state, by its name in EXAMPLES."""

    def __init__(self, device, path, *flags):
        super().__init__([EXAMPLES[device], '--socket-path=' + path] +
                         list(flags))
        self.path = path
        self.wait_line('^listening on ')


class Qemu(Process):
    """A machine that is not started: device state needs no guest."""

    def __init__(self, folder, backends, machine='q35', accel='tcg',
                 devices=None, incoming=False, memory='64M', extra=(),
                 program=QEMU):
        self.qmp_path = os.path.join(folder, 'qmp-%d' % time.monotonic_ns())
        devices = devices or ['fs'] * len(backends)
        command = [program, '-nodefaults', '-no-user-config', '-display', 'none',
                   '-S', '-accel', accel, '-m', memory, '-object',
                   'memory-backend-memfd,id=mem,share=on,size=' + memory,
                   '-machine', machine + ',memory-backend=mem',
                   '-qmp', 'unix:%s,server=on,wait=off' % self.qmp_path]
        if incoming:
            command += ['-incoming', 'defer']
        for i, (backend, device) in enumerate(zip(backends, devices)):
            disk = device.startswith('vhost-user-blk')
            command += ['-chardev', 'socket,id=c%d,path=%s%s' %
                        (i, backend.path, reconnecting() if disk else '')]
            if disk:
                command += ['-device', '%s,id=d%d,chardev=c%d' % (device, i, i)]
            elif device == 'fs':
                command += ['-device',
                            'vhost-user-fs-pci,id=d%d,chardev=c%d,tag=t%d' %
                            (i, i, i)]
            else:
                command += ['-netdev', 'vhost-user,id=n%d,chardev=c%d' % (i, i),
                            '-device', 'virtio-net-pci,id=d%d,netdev=n%d' %
                            (i, i)]
        super().__init__(command + list(extra))
        self.events = []
        self.socket = None
        try:
            self._connect()
        except BaseException:
            self.stop()
            raise

    def _connect(self):
        def connect():
            if self.process.poll() is not None:
                raise AssertionError('QEMU ended:\n' + self.log)
            attempt = socket.socket(socket.AF_UNIX)
            try:
                attempt.connect(self.qmp_path)
            except OSError:
                attempt.close()
                return None
            return attempt
        self.socket = eventually(connect, 'the QMP socket')
        self.socket.settimeout(PATIENCE)
        self.stream = self.socket.makefile('r')
        self._receive()
        self.command('qmp_capabilities')

    def _receive(self):
        line = self.stream.readline()
        if not line:
            raise ConnectionError('QMP closed:\n' + self.log)
        return json.loads(line)

    def try_command(self, name, **arguments):
        """The whole answer, an error too."""
        request = {'execute': name}
        if arguments:
            request['arguments'] = {key.replace('_', '-'): value
                                    for key, value in arguments.items()}
        self.socket.sendall(json.dumps(request).encode() + b'\n')
        while True:
            answer = self._receive()
            if 'event' in answer:
                self.events.append(answer)
                continue
            return answer

    def command(self, name, **arguments):
        answer = self.try_command(name, **arguments)
        if 'error' in answer:
            raise AssertionError('%s: %s\n%s' % (name, answer, self.log))
        return answer['return']

    def migration(self):
        """The end of the migration, as query-migrate shows it."""
        def over():
            info = self.command('query-migrate')
            if info.get('status') in ('completed', 'failed', 'cancelled'):
                return info
            return None
        return eventually(over, 'the end of the migration')

    def save(self, path):
        self.command('migrate', uri='file:' + path)
        return self.migration()

    def load(self, path):
        self.command('migrate-incoming', uri='file:' + path,
                     exit_on_error=False)
        return self.migration()

    def run_job(self, name, **arguments):
        """A job of snapshots; its error fails the test."""
        self.command(name, job_id=name, **arguments)

        def concluded():
            for job in self.command('query-jobs'):
                if job['id'] == name and job['status'] == 'concluded':
                    return job
            return None
        job = eventually(concluded, name)
        if 'error' in job:
            raise AssertionError('%s\n%s' % (job, self.log))
        self.command('job-dismiss', id=name)

    def run_state(self):
        return self.command('query-status')['status']

    def wait_running(self):
        """Waits until the machine runs: QEMU resumes after it reports a failure."""
        eventually(lambda: self.run_state() == 'running', 'the machine to run')

    def quit(self):
        self.command('quit')
        return self.wait_exit()

    def stop(self):
        super().stop()
        if self.socket is not None:
            self.stream.close()
            self.socket.close()


class QemuTest(unittest.TestCase):
    """Stops every process and removes every file at the end of a test."""

    maxDiff = None

    def setUp(self):
        # A socket's path has at most 107 bytes: Bazel's own folder is longer.
        self.folder = tempfile.mkdtemp(prefix='devstate-qemu-', dir='/tmp')
        self.addCleanup(shutil.rmtree, self.folder)
        self.count = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def backend(self, **flags):
        self.count += 1
        backend = Backend(self.path('s%d' % self.count), **flags)
        self.addCleanup(backend.stop)
        return backend

    def example(self, device, *flags, path=None):
        self.count += 1
        backend = ExampleBackend(device, path or self.path('s%d' % self.count),
                                 *flags)
        self.addCleanup(backend.stop)
        return backend

    def qemu(self, *backends, **options):
        qemu = Qemu(self.folder, backends, **options)
        self.addCleanup(qemu.stop)
        return qemu

    def snapshot_disk(self):
        """The flag for a disk, "disk", that snapshots can be kept in."""
        disk = self.path('disk.qcow2')
        subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', disk, '64M'],
                       check=True)
        node = {'driver': 'qcow2', 'node-name': 'disk',
                'file': {'driver': 'file', 'filename': disk}}
        return ['-blockdev', json.dumps(node)]

    def assert_completed(self, info, *processes):
        self.assertEqual(info.get('status'), 'completed',
                         '\n'.join([str(info)] + [p.log for p in processes]))

    def assert_failed(self, info, *processes):
        self.assertEqual(info.get('status'), 'failed',
                         '\n'.join([str(info)] + [p.log for p in processes]))


def skip(reason, script):
    """Ends the test, as skipped for want of what `script` installs."""
    # A continuous build must not pass because nothing ran.
    if os.environ.get('CI') == 'true':
        sys.exit('%s; run %s' % (reason, script))
    print('SKIPPED: %s; %s installs one' % (reason, script))
    sys.exit(0)


def require_newest_qemu():
    """Ends the test, as skipped, where there is no current QEMU."""
    if not os.access(NEWEST_QEMU, os.X_OK):
        skip('no current QEMU', 'tests/qemu/install_newest.sh')


def main():
    version = qemu_version()
    if version is None:
        skip('no qemu-system-x86_64', 'tests/qemu/install.sh')
    if version < MINIMUM:
        skip('QEMU %d.%d is older than %d.%d' % (version + MINIMUM),
             'tests/qemu/install.sh')
    unittest.main(module='__main__', verbosity=2)
