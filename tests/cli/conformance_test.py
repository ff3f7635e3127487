# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""devstate conformance: our back-ends pass, and each deviation is found."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest
import xml.dom.minidom

DEVSTATE = os.path.abspath('cli/devstate')
FS = os.path.abspath('examples/fs_backend/fs_backend')
NET = os.path.abspath('examples/net_backend/net_backend')
BLK = os.path.abspath('examples/blk_backend/blk_backend')
DEVIATING = 'python3 %s --socket-path {socket}' % os.path.abspath(
    'tests/cli/deviating_backend.py')
CASES = ['B%d' % number for number in range(17)]
PATIENCE = 100  # seconds


class ConformanceTest(unittest.TestCase):

    maxDiff = None

    def setUp(self):
        # A socket's path has at most 107 bytes: Bazel's own folder is longer.
        self.folder = tempfile.mkdtemp(prefix='devstate-', dir='/tmp')
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def conformance(self, *flags, code):
        done = subprocess.run([DEVSTATE, 'conformance'] + list(flags),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if code == 2:
            self.assertEqual(done.stdout, '')
            self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
            return done.stderr
        self.assertEqual(done.stderr, '')
        return done.stdout

    def results(self, *flags, code):
        report = json.loads(self.conformance(*flags, '--format', 'json',
                                             code=code))
        for kind in ('pass', 'fail', 'skip'):
            counted = [c for c in report['cases'] if c['result'] == kind]
            total = {'pass': 'passed', 'fail': 'failed', 'skip': 'skipped'}
            self.assertEqual(report[total[kind]], len(counted))
        return {case['name']: case for case in report['cases']}

    def run_backend(self, command):
        """Starts a back-end at the path 'socket' and waits for it."""
        socket = self.path('socket')
        process = subprocess.Popen(command.replace('{socket}', socket).split(),
                                   stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(socket):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        return socket

    def test_every_back_end_of_ours_passes(self):
        fs = '%s --socket-path {socket} --shared-dir %s' % (FS, self.folder)
        net = '%s --socket-path {socket}' % NET
        with open(self.path('disk'), 'wb') as disk:
            disk.truncate(1 << 20)
        blk = '%s --socket-path {socket} --disk %s' % (BLK, self.path('disk'))
        for command in (fs, net, blk):
            for own in ('--fd given', '--fd own --channel pipe',
                        '--fd own --channel socketpair',
                        '--fd own --channel memfd', '--fd own --channel file'):
                with self.subTest(command=command, own=own):
                    cases = self.results('--start', command + ' ' + own, code=0)
                    self.assertEqual(list(cases), CASES)
                    # A channel of its own takes all before its reader goes.
                    for name, case in cases.items():
                        self.assertEqual(case['result'],
                                         'skip' if name == 'B13' and
                                         'own' in own else 'pass', case)

    def test_a_running_back_end_passes_on_one_socket(self):
        socket = self.run_backend('%s --socket-path {socket}' % NET)
        self.results('--backend', socket, code=0)

    def test_each_deviation_fails_its_case_and_only_then(self):
        flags = ['--start', DEVIATING, '--timeout', '20']
        self.assertEqual(
            {name: case['result']
             for name, case in self.results(*flags, code=0).items()},
            dict.fromkeys(CASES, 'pass'))
        seen = {
            'B0': 'expected ring 0, base 77',
            'B1': 'DEVICE_STATE was not negotiated',
            'B2': 'the guest was notified',
            'B3': 'the reply is 0x0 with 0 file descriptors',
            'B4': 'the error 0x101 came with 1 file descriptors',
            'B5': 'then came a message of SET_DEVICE_STATE_FD',
            'B6': 'bytes went through the discarded channel',
            'B7': 'the channel does not end',
            'B8': 'the channel was closed after',
            'B9': '0 was answered to the first 1028 of 2056 bytes',
            'B10': 'refused by the back-end with 0x101',
            'B11': 'expected ring 0, base 4711',
            'B12': 'no reply within',
            'B13': 'the back-end was ended by signal 13',
            'B14': 'socketpair: ',
            'B15': 'phase 1: closed the connection, and the back-end exited '
                   'with code 0',
            'B16': 'nothing came before',
        }
        self.assertEqual(list(seen), CASES)
        for name, text in seen.items():
            with self.subTest(name):
                # Two of them are seen by waiting in vain.
                patience = '1' if name in ('B7', 'B12') else '20'
                cases = self.results(
                    '--start', DEVIATING + ' --deviation ' + name, '--only',
                    name, '--timeout', patience, code=1)
                self.assertEqual(list(cases), [name])
                self.assertEqual(cases[name]['result'], 'fail')
                self.assertIn(text, cases[name]['happened'])

    def test_an_acknowledgement_after_an_error_is_a_second_reply(self):
        cases = self.results('--start', DEVIATING + ' --deviation acknowledges',
                             '--only', 'B5', code=1)
        self.assertIn('then came a message of CHECK_DEVICE_STATE',
                      cases['B5']['happened'])

    def test_crash_is_no_refusal(self):
        cases = self.results('--start', DEVIATING + ' --deviation crash',
                             '--only', 'B1,B4,B15', code=1)
        for case in cases.values():
            self.assertEqual(case['result'], 'fail', case)
            self.assertIn('the back-end was ended by signal 9',
                          case['happened'])

    def test_back_end_that_ends_fails_its_case_and_the_rest_is_skipped(self):
        socket = self.run_backend(DEVIATING + ' --deviation B15')
        cases = self.results('--backend', socket, '--only', 'B14,B15,B16',
                             code=1)
        self.assertEqual([case['result'] for case in cases.values()],
                         ['pass', 'fail', 'skip'])
        self.assertIn('the back-end is gone: nobody listens any more',
                      cases['B15']['happened'])
        self.assertIn('the back-end is gone since B15',
                      cases['B16']['happened'])

    def test_back_end_with_a_listener_for_each_connection_is_judged(self):
        socket = self.run_backend(DEVIATING + ' --deviation reopens')
        cases = self.results('--backend', socket, code=0)
        self.assertEqual({case['result'] for case in cases.values()}, {'pass'})
        cases = self.results('--start', DEVIATING + ' --deviation reopens',
                             '--only', 'B15', code=0)
        self.assertEqual(cases['B15']['result'], 'pass')

    def test_skipped_cases_name_the_one_that_ended_the_back_end(self):
        socket = self.run_backend(DEVIATING + ' --deviation B15')
        cases = self.results('--backend', socket, '--only', 'B15,B16,B3', code=1)
        for case in cases.values():
            if case['result'] == 'skip':
                self.assertIn('gone since B15;', case['happened'])

    def test_started_back_ends_are_ended(self):
        log = self.path('pids')
        command = "sh -c 'echo $$ >> %s; exec %s'" % (log, DEVIATING)
        self.results('--start', command, '--only', 'B3,B5', code=0)
        with open(log) as file:
            pids = file.read().split()
        self.assertEqual(len(pids), 2)
        for pid in pids:
            self.assertFalse(os.path.exists('/proc/' + pid))

    def test_text_is_two_lines_a_case_and_a_summary(self):
        text = self.conformance('--start', DEVIATING + ' --deviation B16',
                                '--only', 'B16', '--only', 'B3', code=1)
        lines = text.splitlines()
        self.assertEqual(len(lines), 5, text)
        self.assertRegex(lines[0], r'^B3   PASS  .* \[.*\]$')
        self.assertRegex(lines[2], r'^B16  FAIL  .* \[.*\]$')
        self.assertEqual(lines[4], '2 cases: 1 passed, 1 failed, 0 skipped')

    def test_junit_is_xml_with_the_failures(self):
        text = self.conformance('--start', DEVIATING + ' --deviation B16',
                                '--only', 'B3,B16', '--format', 'junit', code=1)
        suite = xml.dom.minidom.parseString(text).getElementsByTagName(
            'testsuite')[0]
        self.assertEqual(suite.getAttribute('tests'), '2')
        self.assertEqual(suite.getAttribute('failures'), '1')

    def test_usage_and_unreachable_back_ends_are_one_line(self):
        nowhere = self.path('nowhere')
        self.assertIn(nowhere, self.conformance('--backend', nowhere, code=2))
        self.assertIn('--backend', self.conformance(code=2))
        self.assertIn('B0, B1', self.conformance('--backend', nowhere, '--only',
                                                 'B99', code=2))
        self.assertIn('{socket}', self.conformance('--start', 'x', code=2))
        self.assertIn('exited with code 127',
                      self.conformance('--start', 'nosuchprogram {socket}',
                                       code=2))
        self.assertIn('does not listen within 200ms',
                      self.conformance('--start', 'sleep 100 # {socket}',
                                       '--timeout', '0.2', code=2))


if __name__ == '__main__':
    unittest.main(verbosity=2)
