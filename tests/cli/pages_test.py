# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The pages of check, matrix, stats and diff: whole, harmless, complete."""

import colorsys
import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

DEVSTATE = os.path.abspath('cli/devstate')
MANIFESTS = [os.path.abspath('tests/release/%squeue_manifest.manifest' % name)
             for name in ('', 'old_', 'broken_')]
EVIL = '<script>alert(1)</script>"&|*'
MARKS = {'identical': '=', 'compatible': '✓', 'defaulted': '+',
         'converted': '~', 'lossy': '−', 'conditional': '?', 'refused': '✗'}

SCHEMA = '''syntax = "proto3"; package t; import "devstate/options.proto";
message S {
  option (devstate.message) = { schema: "%s" version: %d device: "d" };
  uint32 number = 1; bytes password = 2 [(devstate.field).sensitive = true];
  repeated Item items = 3; %s }
message Item { option (devstate.message).key = "id";
  uint32 id = 1; string text = 2; uint64 size = 3; }
'''
BODIES = ['', 'optional uint32 added = 4 [(devstate.field).since = 2];',
          'optional string added = 4 [(devstate.field).since = 2];']


def luminance(colour):
    """Of red, green and blue from 0 to 1, as WCAG 2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
              for part in colour]
    return sum(weight * part
               for weight, part in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colours(style):
    """The variables of a theme by name."""
    found = {}
    for name, digits in re.findall(r'--([\w-]+): #(\w+);', style):
        if len(digits) == 3:
            digits = ''.join(digit * 2 for digit in digits)
        found[name] = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    lightness = int(re.search(r'--tile: (\d+)%;', style)[1]) / 100
    for hue in range(360):
        found['tile%d' % hue] = colorsys.hls_to_rgb(hue / 360, lightness, 0.45)
    return found


class Page(html.parser.HTMLParser):
    """What can be read on a page."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.text = ''
        self.ids = set()
        self.links = set()
        self.tags = set()
        # The classes of each element with its text.
        self.classes = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        self.open.append((tag, attributes.get('class', ''), len(self.text)))
        self.ids.add(attributes.get('id'))
        if 'href' in attributes:
            self.links.add(attributes['href'])

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        opened, classes, start = self.open.pop()
        assert opened == tag, (opened, tag)
        self.classes.append((classes, self.text[start:]))

    def handle_data(self, data):
        if self.open and self.open[-1][0] != 'style':
            self.text += data


def run(*arguments, code=0):
    done = subprocess.run([DEVSTATE] + list(arguments), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (code, ''), done
    return done.stdout


class PagesTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        os.chdir(folder.name)
        cls.addClassCleanup(os.chdir, '/')
        os.mkdir('released')
        os.mkdir('hosts')
        for i, body in enumerate(BODIES):
            with open('released/v%d.proto' % (i + 1), 'w',
                      encoding='utf-8') as file:
                file.write(SCHEMA % (EVIL.replace('"', '\\"'), i + 1, body))
        for i, path in enumerate(MANIFESTS):
            with open(path, encoding='utf-8') as file:
                manifest = json.load(file)
            manifest['implementation']['name'] = EVIL
            with open('hosts/host<%d>.manifest' % i, 'w',
                      encoding='utf-8') as file:
                json.dump(manifest, file)
        with open('hosts/cut<&', 'w', encoding='utf-8') as file:
            file.write('{')
        state = {'number': 1, 'password': 'c2VjcmV0', 'items': [
            {'id': i, 'text': EVIL + str(i), 'size': i << 20}
            for i in range(200)]}
        cls.encode('a<&.dstate', state)
        state['number'] = 2
        state['items'][3]['text'] = 'other </td>'
        state['items'][4] = {'id': 1000}
        cls.encode('b<&.dstate', state)

    @staticmethod
    def encode(path, state):
        with open('state.json', 'w', encoding='utf-8') as file:
            json.dump(state, file)
        run('encode', 'state.json', '--schema', 'released/v1.proto', '-o', path)

    def page(self, *arguments, code=0):
        """The page of a command, which must need nothing else."""
        text = run(*arguments, '--format', 'html', code=code)
        xml.etree.ElementTree.fromstring(text)
        for word in ('http', 'src=', 'url(', '@import', '<script', '<link'):
            self.assertNotIn(word, text)
        page = Page(text)
        self.assertEqual(page.open, [])
        self.assertNotIn('script', page.tags)
        for link in page.links:
            self.assertEqual(link[0], '#')
            self.assertIn(link[1:], page.ids)
        for classes, shown in page.classes:
            for verdict in set(classes.split()) & set(MARKS):
                self.assertIn(shown.strip()[0], MARKS.values(), verdict)
        return page

    def assert_directions(self, directions, page):
        for direction in directions:
            self.assertIn('%s: %s %s' % (
                direction['direction'], MARKS[direction['verdict']],
                direction['verdict']), page.text)
            for condition in direction['conditions']:
                self.assertIn(condition, page.text)
            for finding in direction['findings']:
                for key in ('rule', 'path', 'written', 'read', 'text'):
                    self.assertIn(finding[key], page.text)

    def test_check_of_schemas(self):
        arguments = ('check', '--old', 'released/v1.proto', '--new',
                     'released/v2.proto')
        report = json.loads(run(*arguments, '--format', 'json', code=4))
        page = self.page(*arguments, code=4)
        self.assert_directions(report['directions'], page)
        self.assertIn('Remedy: ', page.text)
        self.assertIn('released/v2.proto', page.text)

    def test_check_of_a_state(self):
        page = self.page('check', 'a<&.dstate', '--reader', 'released/v1.proto')
        self.assertIn('a<&.dstate', page.text)
        self.assertIn('upgrade: = identical', page.text)

    def test_check_of_hosts(self):
        arguments = ('check', '--from', 'hosts/host<0>.manifest', '--to',
                     'hosts')
        report = json.loads(run(*arguments, '--format', 'json', code=1))
        page = self.page(*arguments, code=1)
        self.assertEqual(len(report['groups']), 3)
        for group in report['groups']:
            self.assert_directions(group['directions'], page)
            for host in group['group']['hosts']:
                self.assertIn(host, page.text)
        self.assertIn(EVIL, page.text)
        self.assertIn('cut<&', page.text)

    def test_matrix_has_every_verdict_and_its_findings(self):
        for arguments in (('matrix', 'released'),
                          ('matrix', '--manifests', 'hosts')):
            with self.subTest(arguments):
                report = json.loads(run(*arguments, '--format', 'json'))
                page = self.page(*arguments)
                self.assertEqual(len(report['cells']), 9)
                cells = [text for classes, text in page.classes
                         if classes in MARKS]
                self.assertEqual(cells, ['%s %s' % (MARKS[cell['verdict']],
                                                    cell['verdict'])
                                         for cell in report['cells']])
                self.assertEqual(len(page.links),
                                 sum(bool(cell['rules'])
                                     for cell in report['cells']))
                for cell in report['cells']:
                    for rule in cell['rules']:
                        self.assertIn('[%s]' % rule, page.text)
                self.assertIn(EVIL, page.text)

    def test_matrix_of_many_versions_has_marks(self):
        os.mkdir('many')
        for i in range(1, 13):
            with open('many/v%d.proto' % i, 'w', encoding='utf-8') as file:
                file.write(SCHEMA % ('t', i, BODIES[0] if i < 7 else BODIES[2]))
        page = self.page('matrix', 'many')
        cells = [text for classes, text in page.classes if classes in MARKS]
        self.assertEqual(len(cells), 144)
        self.assertLessEqual(set(cells), set(MARKS.values()))

    def test_matrix_as_a_picture(self):
        for arguments in (('matrix', 'released'),
                          ('matrix', '--manifests', 'hosts')):
            text = run(*arguments, '--format', 'svg')
            picture = xml.etree.ElementTree.fromstring(text)
            self.assertNotIn('<script', text)
            self.assertEqual(re.findall('http[^"]*', text),
                             ['http://www.w3.org/2000/svg'])
            shown = ' '.join(picture.itertext())
            report = json.loads(run(*arguments, '--format', 'json'))
            for cell in report['cells']:
                self.assertIn('%s %s' % (MARKS[cell['verdict']],
                                         cell['verdict']), shown)
                for rule in cell['rules']:
                    self.assertIn(rule, shown)

    def test_matrix_as_a_document(self):
        for arguments in (('matrix', 'released'),
                          ('matrix', '--manifests', 'hosts')):
            text = run(*arguments, '--format', 'markdown')
            self.assertNotIn('<', text)
            report = json.loads(run(*arguments, '--format', 'json'))
            rows = re.findall(r'^\| (?:v|group )\d .*', text, re.MULTILINE)
            verdicts = [verdict for row in rows
                        for verdict in re.findall(r'(\w+) \|', row)[1:]]
            self.assertEqual(verdicts,
                             [cell['verdict'] for cell in report['cells']])
            for cell in report['cells']:
                for rule in cell['rules']:
                    self.assertIn(r'\[%s\]' % rule, text)

    def test_stats(self):
        stats = json.loads(run('stats', 'a<&.dstate', '--format', 'json'))
        page = self.page('stats', 'a<&.dstate')
        numbers = page.text.replace('\u202f', '')
        self.assertIn('a<&.dstate', page.text)
        self.assertIn('%s bytes' % stats['stream_bytes'], numbers)
        for section in stats['sections']:
            self.assertIn(section.get('name', '(root)'), page.text)
            for column in section.get('columns', []):
                self.assertIn(column['path'] + column['decoded_bytes'] +
                              column['stored_alone_bytes'],
                              numbers.replace('\n', ''))

    def test_tiles_of_stats_fill_the_map(self):
        text = run('stats', 'a<&.dstate', '--format', 'html')
        sizes = re.findall(r'width:([\d.]+)%;height:([\d.]+)%', text)
        self.assertEqual(len(sizes), 5)
        self.assertAlmostEqual(sum(float(width) * float(height)
                                   for width, height in sizes), 10000, delta=1)
        self.assertIn('title="items.text: ', text)

    def test_every_text_has_a_contrast_of_seven_in_both_themes(self):
        text = run('matrix', 'released', '--format', 'html')
        themes = text.split('@media (prefers-color-scheme: dark)')
        self.assertEqual(len(themes), 2)
        for style in themes:
            theme = colours(style)
            pairs = [(theme[verdict], theme[verdict + '-text'])
                     for verdict in MARKS]
            pairs += [(theme['page'], theme[name])
                      for name in ('text', 'quiet', 'link')]
            pairs += [(theme[name], theme['text']) for name in theme
                      if name.startswith('tile') or name == 'panel']
            self.assertGreaterEqual(
                min(contrast(*pair) for pair in pairs), 7)

    def test_diff(self):
        arguments = ('diff', 'a<&.dstate', 'b<&.dstate')
        report = json.loads(run(*arguments, '--format', 'json', code=1))
        self.assertEqual(
            [report[key] for key in ('differ', 'added', 'removed', 'changed',
                                     'incomplete')],
            [True, '1', '1', '1', False])
        self.assertEqual(
            [(change['change'], change['record'], change['path'])
             for change in report['changes']],
            [('changed', '', 'number'), ('changed', 'items[id=3]', 'text'),
             ('removed', 'items[id=4]', ''), ('added', 'items[id=1000]', '')])
        self.assertEqual((report['changes'][0]['before'],
                          report['changes'][0]['after']), ('1', '2'))
        page = self.page(*arguments, code=1)
        for change in report['changes']:
            self.assertIn(change['change'], page.text)
            for key in ('record', 'path', 'before', 'after'):
                self.assertIn(change.get(key, ''), page.text)
        self.assertIn('other </td>', page.text)
        self.assertNotIn('secret', page.text)

    def test_diff_says_that_the_limit_left_something_out(self):
        arguments = ('diff', 'a<&.dstate', 'b<&.dstate', '--limit', '0')
        report = json.loads(run(*arguments, '--format', 'json', code=1))
        self.assertTrue(report['incomplete'])
        self.assertEqual(len(report['changes']), 1)
        self.assertIn('--limit', self.page(*arguments, code=1).text)

    def test_same_states_have_no_table(self):
        shutil.copy('a<&.dstate', 'c.dstate')
        report = json.loads(run('diff', 'a<&.dstate', 'c.dstate', '--format',
                                'json'))
        self.assertEqual((report['differ'], report['changes']), (False, []))
        page = self.page('diff', 'a<&.dstate', 'c.dstate')
        self.assertIn('the same', page.text)
        self.assertNotIn('table', page.tags)


if __name__ == '__main__':
    unittest.main(verbosity=2)
