# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""check and matrix on the manifests of 10,000 hosts, as a scheduler uses them."""

import json
import os
import shutil
import tempfile
import time
import unittest

from measured import is_sanitized, run

NEW = os.path.abspath('tests/release/queue_manifest.manifest')
OLD = os.path.abspath('tests/release/old_queue_manifest.manifest')
BROKEN = os.path.abspath('tests/release/broken_queue_manifest.manifest')
HOSTS = 10000
MEMORY_KIB = 100 << 10


def write_manifests(folder, hosts):
    """Seven of ten hosts have the newest release, two an old one."""
    texts = []
    for path in (NEW, OLD, BROKEN):
        with open(path, encoding='utf-8') as file:
            texts.append(file.read())
    new, old, broken = texts
    patched = new.replace('"3.0"', '"3.0.1"')
    assert patched != new
    kinds = [new] * 6 + [patched] + [old] * 2 + [broken]
    for i in range(hosts):
        rack = os.path.join(folder, 'rack%d' % (i % 4))
        os.makedirs(rack, exist_ok=True)
        host = os.path.join(rack, 'host%05d.manifest' % i)
        if i >= len(kinds):
            # A link costs less than a file, and is as much of one.
            os.link(os.path.join(folder, 'rack%d' % (i % 10 % 4),
                                 'host%05d.manifest' % (i % 10)), host)
            continue
        with open(host, 'w', encoding='utf-8') as file:
            file.write(kinds[i])


class FleetTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.is_sanitized = is_sanitized()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = os.path.join(folder.name, 'hosts')
        cls.small = os.path.join(folder.name, 'small')
        for path, hosts in ((cls.folder, HOSTS), (cls.small, 10)):
            write_manifests(path, hosts)
            with open(os.path.join(path, 'cut.manifest'), 'w',
                      encoding='utf-8') as file:
                file.write('{')

    def run_measured(self, *arguments):
        start = time.monotonic()
        done = run(*arguments)
        print('%s: %.2f s, %d MiB' % (
            ' '.join(arguments[:1] + arguments[-2:]), time.monotonic() - start,
            done.kib >> 10))
        if not self.is_sanitized:
            self.assertLess(done.kib, MEMORY_KIB)
        return done

    def check(self, *arguments):
        """The exit code of check, and its report."""
        done = self.run_measured('check', *arguments, '--format', 'json')
        self.assertEqual(done.err, '')
        return done.code, json.loads(done.out)

    def test_hosts_are_judged_by_group(self):
        code, report = self.check('--from', NEW, '--to', self.folder)
        self.assertEqual(code, 1)
        self.assertEqual((report['hosts'], report['accepted']),
                         (HOSTS, HOSTS * 7 // 10))
        self.assertEqual([len(group['group']['hosts'])
                          for group in report['groups']], [7000, 2000, 1000])
        best, conditional, refused = report['groups']
        self.assertTrue(best['migrates'] and best['comes_back'])
        self.assertEqual([(entry['implementation']['version'], entry['hosts'])
                          for entry in best['group']['implementations']],
                         [('3.0', 6000), ('3.0.1', 1000)])
        self.assertIn('rack0/host00000', best['group']['hosts'])
        self.assertFalse(conditional['migrates'])
        self.assertTrue(conditional['comes_back'])
        self.assertEqual(conditional['directions'][0]['conditions'], [
            'requests.weight: field 3 (weight) is absent in every Request'])
        self.assertFalse(refused['migrates'] or refused['comes_back'])
        self.assertIn('wire-type-changed',
                      [finding['rule'] for finding
                       in refused['directions'][0]['findings']])
        self.assertEqual([entry['file'] for entry in report['unreadable']],
                         ['cut.manifest'])

    def test_verdict_of_a_host_is_that_of_its_manifest(self):
        _, report = self.check('--from', NEW, '--to', self.small)
        for group in report['groups']:
            host = os.path.join(self.small,
                                group['group']['hosts'][-1] + '.manifest')
            alone = run('check', '--from', NEW, '--to', host, '--format', 'json')
            self.assertEqual(json.loads(alone.out)['directions'],
                             group['directions'])

    def test_folder_may_be_the_source(self):
        code, report = self.check('--from', self.small, '--to', OLD,
                                  '--direction', 'migration')
        self.assertEqual(code, 1)
        migrates = {group['group']['implementations'][0]['implementation'][
            'version']: group['migrates'] for group in report['groups']}
        self.assertEqual(migrates, {'1.0': True, '3.0': False, '3.1': False})
        self.assertNotIn('comes_back', report['groups'][0])

    def test_exit_code_is_that_of_the_hosts_that_are_needed(self):
        for need, flags, expected in (
                ('1', [], 0), ('7', [], 0), ('8', [], 4), ('9', [], 4),
                ('10', [], 1), ('11', [], 1),
                ('9', ['--accept', 'conditional'], 5),
                ('9', ['--accept', 'lossy,conditional'], 0)):
            with self.subTest(need=need, flags=flags):
                done = run('check', '--from', NEW, '--to', self.small,
                           '--need', need, *flags)
                self.assertEqual((done.code, done.err), (expected, ''))

    def test_host_that_cannot_be_read_is_refused_where_all_are_needed(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(NEW, os.path.join(folder, 'good.manifest'))
            flags = ('check', '--from', NEW, '--to', folder)
            self.assertEqual(run(*flags).code, 0)
            with open(os.path.join(folder, 'cut.manifest'), 'w',
                      encoding='utf-8') as file:
                file.write('{')
            done = run(*flags)
            self.assertEqual((done.code, done.err), (1, ''))
            self.assertIn('1 hosts in 1 groups: 1 accepted, 0 not\n', done.out)
            self.assertIn('1 unreadable\n  cut.manifest: ', done.out)
            self.assertEqual(run(*flags, '--need', '1').code, 0)
            self.assertEqual(run(*flags, '--need', '2').code, 1)

    def test_text_names_groups_and_what_stands_in_the_way(self):
        done = run('check', '--from', NEW, '--to', self.small)
        for text in (
                '10 hosts in 3 groups: 7 accepted, 3 not\n',
                'group 1: 7 hosts: rack0/host00000, rack0/host00004, ',
                'example-queue 3.0 (6 hosts), example-queue 3.0.1 '
                '(1 host); example.queue, saves version 2, 3, loads 3\n',
                '  migration, upgrade: identical, saves as version 3, ',
                '  way back, upgrade: defaulted, ',
                '[wire-type-changed]',
                '1 unreadable\n  cut.manifest: not the JSON'):
            self.assertIn(text, done.out)

    def test_matrix_compares_groups(self):
        done = self.run_measured('matrix', '--manifests', self.folder,
                                 '--format', 'json')
        self.assertEqual((done.code, done.err), (0, ''))
        report = json.loads(done.out)
        self.assertEqual([len(group['hosts']) for group in report['groups']],
                         [7000, 2000, 1000])
        verdicts = {(cell['from'], cell['to']): cell['verdict']
                    for cell in report['cells']}
        self.assertEqual(len(verdicts), 9)
        self.assertEqual(verdicts[(1, 1)], 'identical')
        self.assertEqual(verdicts[(1, 2)], 'conditional')
        self.assertEqual(verdicts[(2, 1)], 'defaulted')
        self.assertEqual(verdicts[(1, 3)], 'refused')
        text = run('matrix', '--manifests', self.small).out
        self.assertIn('group 1: 7 hosts', text)
        self.assertIn('  group 1 identical   conditional refused\n', text)
        self.assertIn('cut.manifest', text)

    def test_errors_are_one_line(self):
        empty = os.path.join(os.path.dirname(self.folder), 'empty')
        os.mkdir(empty)
        for arguments in (
                ('check', '--from', NEW, '--to', empty),
                ('check', '--from', self.small, '--to', self.small),
                ('check', '--from', NEW, '--to', OLD, '--need', '1'),
                ('check', '--from', NEW, '--to', self.small, '--format',
                 'junit'),
                ('matrix', '--manifests', empty),
                ('matrix', '--manifests', NEW),
                ('matrix', '--manifests', self.small, empty),
                ('matrix',)):
            with self.subTest(arguments):
                done = run(*arguments)
                self.assertEqual((done.code, done.out), (2, ''))
                self.assertEqual(done.err.count('\n'), 1, done.err)


if __name__ == '__main__':
    unittest.main(verbosity=2)
