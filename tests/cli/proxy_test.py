# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""devstate proxy: as a process, with our back-ends next to it."""

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

from live_programs import FrontEnd, PATIENCE, Process, SET_VRING_NUM

DEVSTATE = os.path.abspath('cli/devstate')
FS = os.path.abspath('examples/fs_backend/fs_backend')
NET = os.path.abspath('examples/net_backend/net_backend')
HELLO = os.path.abspath('examples/hello_backend/hello_backend')


class ProxyTest(unittest.TestCase):

    maxDiff = None

    def setUp(self):
        # A socket's path has at most 107 bytes: Bazel's own folder is longer.
        self.folder = tempfile.mkdtemp(prefix='devstate-', dir='/tmp')
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(self.path('tree'))
        os.mkdir(self.path('tmp'))
        self.fs = '%s --socket-path {socket} --shared-dir %s' % (
            FS, self.path('tree'))

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, command, stream, **options):
        process = Process(command, stream, **options)
        self.addCleanup(process.end)
        return process

    def backend(self, command, name='back.sock'):
        path = self.path(name)
        process = self.start(command.replace('{socket}', path).split(), 'stdout')
        process.wait_for('^listening')
        return path, process

    def proxy(self, *flags, listen=True, **options):
        path = self.path('front.sock')
        where = ['--listen', path] if listen else []
        proxy = self.start([DEVSTATE, 'proxy'] + where + list(flags), 'stderr',
                           **options)
        proxy.wait_for(': ready$')
        return path, proxy

    def run_devstate(self, *arguments, code=0):
        done = subprocess.run([DEVSTATE] + list(arguments),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def table(self, path):
        report = json.loads(self.run_devstate('conformance', '--backend', path,
                                              '--format', 'json'))
        return {case['name']: case['result'] for case in report['cases']}

    def test_conformance_is_that_of_the_back_end(self):
        tables = {}
        for name, command in (('fs', self.fs),
                              ('own', self.fs + ' --fd own --channel memfd'),
                              ('net', NET + ' --socket-path {socket}'),
                              ('hello', HELLO + ' --socket-path={socket}')):
            with self.subTest(name):
                backend, process = self.backend(command)
                expected = tables[name] = self.table(backend)
                self.assertGreater(list(expected.values()).count('pass'), 10)
                front, proxy = self.proxy('--backend', backend, '--state', 'raw')
                self.assertEqual(self.table(front), expected)
                self.assertEqual(proxy.end(), 0)
                # Transfers are answered by the proxy, which takes the channel
                # that is given, so what could not be seen with one of the
                # back-end's own is.
                front, proxy = self.proxy('--backend', backend)
                seen = {case: 'pass' if result == 'skip' else result
                        for case, result in expected.items()
                        if name == 'own'}
                self.assertEqual(self.table(front), seen or expected)
                self.assertEqual(proxy.end(), 0)
                process.end()
        # The proxy starts it itself, anew for each connection.
        front, proxy = self.proxy('--command', self.fs, '--state', 'raw')
        self.assertEqual(self.table(front), tables['fs'])
        self.assertEqual(proxy.end(), 0)

    def test_state_passes_as_it_is(self):
        backend, process = self.backend(self.fs)
        self.run_devstate('save', '--socket', backend, '-o', self.path('direct'))
        front, _ = self.proxy('--backend', backend)
        self.run_devstate('save', '--socket', front, '-o', self.path('proxied'))
        with open(self.path('direct'), 'rb') as direct, open(
                self.path('proxied'), 'rb') as proxied:
            self.assertEqual(direct.read(), proxied.read())
        self.assertEqual(process.end(), 0)

    def test_sigterm_ends_it_and_its_back_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            front, proxy = self.proxy(
                '--command', self.fs,
                env=dict(os.environ, TMPDIR=self.path('tmp')))
            pid = re.search(r'back-end started, process (\d+)',
                            ''.join(proxy.lines))[1]
            self.assertTrue(os.path.exists('/proc/' + pid))
            self.assertEqual(proxy.end(number), 0)
            self.assertIn('the back-end exited with code 0',
                          ''.join(proxy.lines))
            self.assertFalse(os.path.exists('/proc/' + pid))
            self.assertFalse(os.path.exists(front))
            self.assertEqual(os.listdir(self.path('tmp')), [])

    def children(self, pid):
        with open('/proc/%s/task/%s/children' % (pid, pid),
                  encoding='ascii') as children:
            return [int(child) for child in children.read().split()]

    def test_sigterm_while_the_back_end_starts_leaves_nothing(self):
        front = self.path('front.sock')
        proxy = self.start(
            [DEVSTATE, 'proxy', '--listen', front, '--command',
             'sh -c "exec sleep 1000" {socket}'], 'stderr',
            env=dict(os.environ, TMPDIR=self.path('tmp')))
        while not self.children(proxy.process.pid):
            self.assertIsNone(proxy.process.poll())
        child = self.children(proxy.process.pid)[0]
        self.assertEqual(proxy.end(), 0, proxy.lines)
        self.assertFalse(os.path.exists('/proc/%d' % child))
        self.assertFalse(os.path.exists(front))
        self.assertEqual(os.listdir(self.path('tmp')), [])

    def test_output_and_end_of_the_back_end_are_in_the_log(self):
        _, proxy = self.proxy('--command', self.fs)
        text = ''.join(proxy.lines)
        self.assertRegex(text, '(?m)^listening on ')
        os.kill(int(re.search(r'process (\d+)', text)[1]), signal.SIGKILL)
        proxy.wait_for(r'the back-end was ended by signal 9')
        self.assertEqual(proxy.end(), 0)

    def test_the_end_of_the_back_end_is_seen_whoever_starts_the_proxy(self):
        _, proxy = self.proxy(
            '--command', self.fs,
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(proxy.end(), 0)
        self.assertIn('the back-end exited with code 0', ''.join(proxy.lines))

    def test_service_manager_is_told_and_the_back_end_is_not_asked_to(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(self.path('notify'))
            notify.settimeout(PATIENCE)
            _, proxy = self.proxy('--command', self.fs,
                                  env=dict(os.environ,
                                           NOTIFY_SOCKET=self.path('notify')))
            self.assertEqual(notify.recv(100), b'READY=1')
        pid = re.search(r'process (\d+)', ''.join(proxy.lines))[1]
        with open('/proc/%s/environ' % pid, 'rb') as environ:
            self.assertNotIn(b'NOTIFY_SOCKET', environ.read())

    def test_a_listening_descriptor_is_taken(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path('front.sock'))
            listener.listen(1)
            fd = listener.fileno()
            front, proxy = self.proxy('--command', self.fs, '--fd', str(fd),
                                      listen=False, pass_fds=[fd])
            self.run_devstate('save', '--socket', front, '-o',
                              self.path('state'))
            self.assertEqual(proxy.end(), 0)
        # Whoever bound it removes it.
        self.assertTrue(os.path.exists(front))

    def upgrade(self, *flags, code=0):
        text = self.run_devstate('upgrade', '--proxy', self.path('control'),
                                 '--format', 'json', *flags, code=code)
        return json.loads(text)

    def negotiated(self, path):
        """A front-end that has negotiated device state and asks nothing."""
        front = FrontEnd(path)
        self.addCleanup(front.close)
        front.negotiate()
        return front

    def test_upgrade_moves_the_state_to_a_new_process(self):
        front, proxy = self.proxy('--command', self.fs, '--control',
                                  self.path('control'))
        pid = re.search(r'started, process (\d+)', ''.join(proxy.lines))[1]
        connection = self.negotiated(front)

        report = self.upgrade('--command', 'false {socket}', code=1)
        self.assertTrue(report['old_serves'])
        self.assertIn('exited with code 1', report['refusal'])
        connection.features()
        report = self.upgrade('--command', self.fs + ' --await-load',
                              '--dry-run')
        self.assertTrue(report['old_serves'])
        connection.features()
        self.assertTrue(os.path.exists('/proc/' + pid))

        report = self.upgrade('--command', self.fs + ' --await-load')
        self.assertTrue(report['exchanged'])
        self.assertGreater(int(report['state_bytes']), 100)
        self.assertEqual([stage['name'] for stage in report['stages']],
                         ['start', 'negotiate', 'announce', 'save', 'translate',
                          'load'] + ['rings'])
        connection.features()
        proxy.wait_for('the old back-end exited with code 0')
        self.assertFalse(os.path.exists('/proc/' + pid))
        self.assertEqual(proxy.end(), 0)
        self.assertFalse(os.path.exists(self.path('control')))

    def test_an_old_back_end_that_stays_does_not_delay_the_front_end(self):
        # A shell that ignores SIGTERM, and does not pass it on.
        stays = """sh -c "trap '' TERM; %s & wait\"""" % self.fs
        front, proxy = self.proxy('--command', stays, '--control',
                                  self.path('control'))
        pid = int(re.search(r'started, process (\d+)', ''.join(proxy.lines))[1])
        for child in self.children(pid):
            self.addCleanup(os.kill, child, signal.SIGTERM)
        connection = self.negotiated(front)
        self.assertTrue(self.upgrade('--command', self.fs)['exchanged'])
        connection.features()
        self.assertTrue(os.path.exists('/proc/%d' % pid))
        proxy.wait_for('the old back-end was ended by signal 9')
        connection.features()

    def test_the_proxy_itself_is_exchanged(self):
        front, proxy = self.proxy('--command', self.fs, '--control',
                                  self.path('control'),
                                  env=dict(os.environ,
                                           TMPDIR=self.path('tmp')))
        back = self.children(proxy.process.pid)
        connection = self.negotiated(front)
        shutil.copy(DEVSTATE, self.path('newer'))
        for flags in ([], ['--program', self.path('newer')], []):
            report = self.upgrade('--itself', *flags)
            self.assertEqual([stage['name'] for stage in report['stages']],
                             ['rehearse', 'take over'])
            proxy.wait_for('took over from another program, with a front-end')
            connection.features()
        # Process, back-end and standard streams are the same. A program that
        # was replaced stays where it was put.
        self.assertEqual(os.readlink('/proc/%d/exe' % proxy.process.pid),
                         self.path('newer'))
        self.assertEqual(self.children(proxy.process.pid), back)
        for flags, refusal in (
                (['--program', '/bin/false'], 'exited with code 1'),
                (['--program', self.path('none')], 'No such file')):
            report = self.upgrade('--itself', *flags, code=1)
            self.assertTrue(report['old_serves'])
            self.assertIn(refusal, report['refusal'])
            connection.features()
        # Back-ends are exchanged as before, and all is removed in the end.
        self.assertTrue(self.upgrade('--command',
                                     self.fs + ' --await-load')['exchanged'])
        proxy.wait_for('the old back-end exited with code 0')
        self.upgrade('--itself')
        connection.features()
        back = self.children(proxy.process.pid)
        self.assertEqual(len(back), 1)
        connection.close()
        proxy.wait_for('the back-end exited with code 0')
        self.negotiated(front)
        self.assertEqual(proxy.end(), 0)
        for path in (front, self.path('control'), '/proc/%d' % back[0]):
            self.assertFalse(os.path.exists(path), path)
        self.assertEqual(os.listdir(self.path('tmp')), [])

    def test_a_proxy_without_a_front_end_is_exchanged(self):
        front, proxy = self.proxy('--command', self.fs, '--control',
                                  self.path('control'))
        for _ in range(2):
            self.assertTrue(self.upgrade('--itself')['exchanged'])
        self.negotiated(front)
        self.assertEqual(proxy.end(), 0)

    def test_what_came_since_the_rehearsal_is_rehearsed_and_handed_over(self):
        front, proxy = self.proxy('--command', self.fs, '--control',
                                  self.path('control'))
        connection = self.negotiated(front)
        # Waits at a gate, once.
        program = self.path('program')
        with open(program, 'w', encoding='ascii') as file:
            file.write('#!/bin/sh\n'
                       'if [ -p "$0.gate" ]; then read line <"$0.gate"; fi\n'
                       'exec %s "$@"\n' % DEVSTATE)
        os.chmod(program, 0o700)
        os.mkfifo(program + '.gate')
        reports = []
        asking = threading.Thread(target=lambda: reports.append(
            self.upgrade('--itself', '--program', program)))
        asking.start()
        with open(program + '.gate', 'wb'):
            os.remove(program + '.gate')
            connection.send(SET_VRING_NUM, struct.pack('<II', 0, 128))
            connection.features()
        asking.join()
        self.assertTrue(reports[0]['exchanged'])
        self.assertEqual(reports[0]['retried'], 1)
        proxy.wait_for('took over from another program, with a front-end')
        connection.features()
        self.assertEqual(proxy.end(), 0)

    def test_upgrade_without_a_proxy_says_so(self):
        text = self.run_devstate('upgrade', '--proxy', self.path('control'),
                                 '--command', self.fs, code=2)
        self.assertIn('control: cannot connect', text)
        self.assertIn('name the new', self.run_devstate(
            'upgrade', '--proxy', self.path('control'), code=2))
        # What is no control socket closes the connection.
        backend, _ = self.backend(self.fs)
        text = self.run_devstate('upgrade', '--proxy', backend, '--command',
                                 self.fs, code=2)
        self.assertIn('back.sock: control socket: ', text)
        self.assertIn('name the --control of a devstate proxy', text)

    def test_what_cannot_start_says_why(self):
        self.backend(self.fs)
        front = self.path('front.sock')
        for flags, message in (
            (['--listen', front], 'either with --backend'),
            (['--command', self.fs], 'either --listen or --fd'),
            (['--listen', front, '--command', 'true'], '{socket}'),
            (['--listen', front, '--command', 'false {socket}'],
             'exited with code 1 before it listened'),
            (['--listen', self.path('back.sock'), '--command', self.fs],
             'another process listens'),
            (['--fd', '2', '--command', self.fs], '--fd: 2 is not in the range'),
        ):
            with self.subTest(message):
                text = self.run_devstate('proxy', *flags, code=2)
                self.assertIn(message, text)
                self.assertEqual(text.count('\n'), 1, text)

    def test_sigterm_before_the_back_end_listens_ends_both(self):
        proxy = self.start([DEVSTATE, 'proxy', '--listen',
                            self.path('front.sock'), '--command',
                            'env A=1 sh -c "echo pid \\$\\$; exec sleep 1000" '
                            '# {socket}'], 'stderr',
                           env=dict(os.environ, TMPDIR=self.path('tmp')))
        pid = proxy.wait_for(r'^pid (\d+)$')[1]
        self.assertEqual(proxy.end(), 0)
        self.assertFalse(os.path.exists('/proc/' + pid))
        self.assertFalse(os.path.exists(self.path('front.sock')))
        self.assertEqual(os.listdir(self.path('tmp')), [])

    def test_a_back_end_that_is_away_is_asked_for_again(self):
        backend = self.path('back.sock')
        front, proxy = self.proxy('--backend', backend)
        self.run_devstate('probe', '--socket', front, code=2)
        proxy.wait_for('back.sock: cannot connect')
        self.backend(self.fs)
        self.run_devstate('save', '--socket', front, '-o', self.path('state'))


if __name__ == '__main__':
    unittest.main()
