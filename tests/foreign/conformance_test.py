# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""devstate conformance against virtiofsd: what it keeps, and its deviations.

Finds virtiofsd as foreign_testing.py does, and is skipped where there is none.
"""

import json
import os
import shlex
import subprocess
import tempfile
import unittest

import foreign_testing

DEVSTATE = os.path.abspath('cli/devstate')
PATIENCE = 100  # seconds


class ConformanceTest(unittest.TestCase):

    maxDiff = None

    def run_cases(self, release=None):
        with tempfile.TemporaryDirectory() as share:
            command = ' '.join(map(shlex.quote,
                                   foreign_testing.virtiofsd(release)))
            command += ' --socket-path {socket} --sandbox none --shared-dir '
            done = subprocess.run(
                [DEVSTATE, 'conformance', '--format', 'json', '--start',
                 command + share],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
                check=False)
        self.assertEqual((done.returncode, done.stderr), (1, ''), done.stdout)
        return {case['name']: case for case in json.loads(done.stdout)['cases']}

    def check_table(self, release=None):
        """Two rules are broken and the others are kept."""
        cases = self.run_cases(release)
        self.assertEqual(len(cases), 17)
        self.assertEqual(
            {name for name, case in cases.items() if case['result'] != 'pass'},
            {'B1', 'B15'}, cases)
        self.assertEqual(cases['B1']['happened'],
                         'DEVICE_STATE was not negotiated, and '
                         'SET_DEVICE_STATE_FD was served: 0x100')
        self.assertIn('phase 1: closed the connection, and the back-end exited '
                      'with code 0', cases['B15']['happened'])

    def test_two_rules_are_broken_and_the_others_are_kept(self):
        self.check_table()

    @foreign_testing.needs(foreign_testing.FIRST)
    def test_first_release_breaks_the_same(self):
        self.check_table(foreign_testing.FIRST)

    @foreign_testing.needs(foreign_testing.NEWEST)
    def test_current_release_breaks_the_same(self):
        self.check_table(foreign_testing.NEWEST)


if __name__ == '__main__':
    foreign_testing.main()
