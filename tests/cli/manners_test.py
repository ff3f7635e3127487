# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Help, usage errors, version, manual page and completion, for every verb.

The verbs and their options are taken from --help, so that a new one is tested
without being named here.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

DEVSTATE = os.path.abspath('cli/devstate')


def run(*arguments):
    return subprocess.run([DEVSTATE] + list(arguments),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False)


def sections(text):
    """Maps the titles in the text of --help to their lines."""
    found = {}
    title = ''
    for line in text.splitlines():
        if re.match(r'\S.*:$', line):
            title = line[:-1]
        found.setdefault(title, []).append(line)
    return found


def walk(path=()):
    """Yields (verb, its --help, its options) for the command and each verb."""
    text = run(*path, '--help').stdout
    parts = sections(text)
    options = []
    for line in parts.get('Options', []):
        names = re.match(r'  (-[\w,-]+)', line)
        if names:
            options += names[1].split(',')
    yield path, text, options
    for line in parts.get('Subcommands', []):
        verb = re.match(r'  (\S+)', line)
        if verb:
            yield from walk(path + (verb[1],))


def exit_codes(text):
    """The codes in the sentence on exit codes, {} without one."""
    found = re.search(r'Exit\s+codes[^:]*: (.*?)\.\n', text, re.DOTALL)
    return re.findall(r'(?:^|, )(\d)\b',
                      found[1].replace('\n', ' ')) if found else []


class MannersTest(unittest.TestCase):

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.commands = list(walk())

    def each(self):
        for path, text, options in self.commands:
            with self.subTest(' '.join(path)):
                yield path, text, options

    def test_the_walk_finds_verbs_and_options(self):
        verbs = {path: options for path, _, options in self.commands}
        self.assertIn(('save',), verbs)
        self.assertIn('--output', verbs[('save',)])
        self.assertIn('-o', verbs[('save',)])

    def test_help_has_an_example_and_exit_codes(self):
        for path, text, _ in self.each():
            self.assertIn('Example: devstate ' + ' '.join(path), text)
            self.assertIn('xit code', text)

    def test_help_has_words_and_no_numbers_for_them(self):
        for _, text, _ in self.each():
            self.assertNotIn('->', text)
        self.assertEqual(run('decode', '-', '--format', '0').returncode, 2)

    def test_version_is_one_line(self):
        done = run('--version')
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r'\Adevstate \d+\.\d+\.\d+\n\Z')

    def test_usage_errors_are_one_line_with_a_hint(self):
        for path, _, _ in self.each():
            done = run(*path, '--no-such-option')
            self.assertEqual((done.returncode, done.stdout), (2, ''))
            self.assertRegex(
                done.stderr,
                r'\Adevstate.*: .*; see %s --help\n\Z' %
                ' '.join(('devstate',) + path))
        done = run('no-such-verb')
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count('\n'), 1)
        self.assertIn('no-such-verb', done.stderr)

    def test_documentation_has_every_verb_and_option(self):
        with open('docs/cli.md', encoding='utf-8') as file:
            document = file.read()
        for path, _, options in self.each():
            heading = '## devstate ' + ' '.join(path)
            if path:
                self.assertIn(heading + '\n', document)
                document_of = document.split(heading + '\n')[1].split('\n## ')[0]
                for option in set(options) - {'-h', '--help'}:
                    self.assertIn('`%s' % option, document_of)

    def test_documentation_has_the_exit_codes_of_each_verb(self):
        with open('docs/cli.md', encoding='utf-8') as file:
            document = file.read()
        for path, text, _ in self.each():
            # What is said of a verb that has verbs holds for those, too, unless
            # one says something else.
            said = [[]]
            for length in range(1, len(path) + 1):
                heading = '\n## devstate %s\n' % ' '.join(path[:length])
                section = document.split(heading)[1].split('\n## ')[0]
                said.append(exit_codes(section) or said[-1])
            if path:
                self.assertEqual(exit_codes(text), said[-1])

    def test_exit_codes_mean_the_same_in_documentation_and_manual_page(self):
        with open('docs/cli.md', encoding='utf-8') as file:
            document = file.read()
        rows = re.findall(r'^\| (\d) \| (.*) \|$', document, re.MULTILINE)
        with open('cli/devstate.1', encoding='utf-8') as file:
            page = file.read().replace('\\-', '-')
        status = re.findall(r'^\.TP\n(\d)\n(.*)\.$',
                            page.split('.SH EXIT STATUS\n')[1], re.MULTILINE)
        self.assertEqual(rows, [(code, meaning[0].lower() + meaning[1:])
                                for code, meaning in status])
        self.assertEqual([code for code, _ in rows], list('012345'))

    def test_help_is_a_verb(self):
        for path, text, _ in self.each():
            done = run('help', *path)
            self.assertEqual((done.returncode, done.stdout), (0, text))
        done = run('help', 'qemu', 'no-such-verb')
        self.assertEqual((done.returncode, done.stdout), (2, ''))
        self.assertEqual(done.stderr, 'devstate help: no verb is named '
                         'no-such-verb; see devstate qemu --help\n')

    def test_manual_page_has_every_verb_and_option(self):
        with open('cli/devstate.1', encoding='utf-8') as file:
            page = file.read()
        for path, _, options in self.each():
            if path:
                self.assertIn('.SS devstate ' + ' '.join(path) + '\n', page)
            for option in options:
                self.assertIn('\\fB' + option.replace('-', '\\-') + '\\fR',
                              page)
        self.assertIn('.SH EXIT STATUS\n', page)

    @unittest.skipIf(shutil.which('groff') is None, 'no groff')
    def test_manual_page_is_formatted_without_a_warning(self):
        done = subprocess.run(['groff', '-man', '-Tascii', '-ww', '-z',
                               'cli/devstate.1'], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ''))

    def test_completion_has_every_verb_and_option(self):
        for shell in ('bash', 'zsh', 'fish'):
            script = run('completion', shell).stdout
            words = set(re.findall(r'[\w-]+', script))
            for path, _, options in self.each():
                names = list(path) + options
                if shell == 'fish':
                    names = [name.lstrip('-') for name in names]
                self.assertLessEqual(set(names), words, shell)

    def test_completion_is_of_the_shells_syntax(self):
        for shell in ('bash', 'zsh', 'fish'):
            with self.subTest(shell):
                if shutil.which(shell) is None:
                    self.skipTest('no ' + shell)
                with tempfile.NamedTemporaryFile('w') as file:
                    file.write(run('completion', shell).stdout)
                    file.flush()
                    done = subprocess.run([shell, '-n', file.name],
                                          stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, text=True,
                                          check=False)
                self.assertEqual((done.returncode, done.stdout), (0, ''))

    def complete(self, *words):
        """What bash offers for the last word."""
        script = run('completion', 'bash').stdout + (
            'COMP_WORDS=("$@")\nCOMP_CWORD=$(($# - 1))\n_devstate\n'
            'printf "%s\\n" "${COMPREPLY[@]}"\n')
        done = subprocess.run(['bash', '-c', script, 'bash'] + list(words),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=True)
        return done.stdout.split()

    def test_bash_completes_verbs_options_and_words(self):
        self.assertIn('save', self.complete('devstate', 'sa'))
        self.assertNotIn('load', self.complete('devstate', 'sa'))
        self.assertEqual(self.complete('devstate', 'save', '--sock'),
                         ['--socket'])
        self.assertEqual(self.complete('devstate', 'save', '--channel', ''),
                         ['pipe', 'socketpair', 'memfd', 'file'])
        self.assertEqual(self.complete('devstate', 'completion', 'f'), ['fish'])
        for verb in ('decode', 'encode'):
            self.assertEqual(self.complete('devstate', verb, '--format', ''),
                             ['json', 'text', 'binary'])
        self.assertIn('check', self.complete('devstate', 'help', 'ch'))
        self.assertEqual(self.complete('devstate', 'explain', 'numbers-sw'),
                         ['numbers-swapped'])
        # A file is for the shell itself to complete.
        self.assertEqual(self.complete('devstate', 'save', '--output', ''), [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
