# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Small inputs that ask for much: each is judged in bounded memory, and ends.

Work that doubles with each level would not end at all, so the patience of a
command tells it from work that grows with its input.
"""

import os
import tempfile
import unittest

from measured import is_sanitized, run

LEVELS = 200000
DOUBLINGS = 30
# What a command takes without any input is about 12 MiB.
SMALL_KIB = 64 << 10

HEAD = 'syntax = "proto3";\npackage b;\nimport "devstate/options.proto";\n'


def root(body, version=1):
    return ('message S {\n  option (devstate.message) = { schema: "b.v1" '
            'version: %d };\n%s}\n' % (version, body))


def doubling(leaf, version=1):
    """A schema in which 2^30 ways lead to one message."""
    text = HEAD + root('  M0 m = 1;\n', version)
    for i in range(DOUBLINGS):
        text += 'message M%d { M%d a = 1; M%d b = 2; }\n' % (i, i + 1, i + 1)
    return text + 'message M%d { %s }\n' % (DOUBLINGS, leaf)


class BombsTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.is_sanitized = is_sanitized()

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def refused(self, code, *arguments, says=''):
        done = run(*arguments)
        print('%s: %d MiB' % (arguments[0], done.kib >> 10))
        self.assertEqual(done.code, code, done.err)
        self.assertIn(says, done.err)
        self.assertLessEqual(len(done.err.splitlines()), 1)
        if not self.is_sanitized:
            self.assertLess(done.kib, SMALL_KIB)

    def test_schema_of_messages_in_messages(self):
        text = HEAD + root('  uint32 x = 1;\n') + 'message N {' * LEVELS
        self.refused(2, 'lint', self.file('a.proto', text),
                     says='a.proto:8:1111: more than 100 brackets are open here')

    def test_schema_of_options_in_options(self):
        text = HEAD + root('  uint32 x = 1 [(o) = %s];\n' % ('{ r: [' * LEVELS))
        self.refused(2, 'lint', self.file('a.proto', text),
                     says='more than 100 brackets are open here')

    def test_schema_with_more_ways_than_can_be_walked(self):
        old = self.file('old.proto', doubling('uint32 x = 1;'))
        new = self.file('new.proto', doubling('string x = 1;', 2))
        self.refused(1, 'lint', old)
        self.refused(2, 'corpus', '--schema', old, '-o',
                     os.path.join(self.folder, 'corpus'),
                     says='split the record')
        self.refused(1, 'check', '--old', old, '--new', new)

    def test_imports_that_double(self):
        for i in range(DOUBLINGS):
            text = 'syntax = "proto3";\n'
            if i + 1 < DOUBLINGS:
                text += ('import public "a%d.proto";\nimport public "b%d.proto";\n'
                         % (i + 1, i + 1))
            for side in 'ab':
                self.file('in/%s%d.proto' % (side, i), text)
        schema = self.file('in/s.proto', HEAD + 'import "a0.proto";\n' +
                           root('  uint32 x = 1;\n'))
        self.refused(0, 'lint', schema)

    def test_json_of_arrays_in_arrays(self):
        schema = self.file('s.proto', HEAD + root('  string x = 1;\n'))
        for text in ('[' * LEVELS, '{"x":' * LEVELS, '{"x":[' * LEVELS):
            self.refused(2, 'encode', '--schema', schema,
                         self.file('a.json', text), '-o',
                         os.path.join(self.folder, 'out'))
            self.refused(2, 'check', '--from', self.file('a.manifest', text),
                         '--to', self.file('b.manifest', text))

    def test_text_of_messages_in_messages(self):
        schema = self.file('s.proto', HEAD + root('  string x = 1;\n'))
        for text in ('x { ' * LEVELS, 'x: [ ' * LEVELS, '[b.S] { ' * LEVELS):
            self.refused(2, 'encode', '--schema', schema, '--format', 'text',
                         self.file('a.textproto', text), '-o',
                         os.path.join(self.folder, 'out'))

    def test_policy_is_named_and_not_repeated(self):
        policy = self.file('policy', '[' * LEVELS)
        done = run(
            'proxy', '--listen', os.path.join(self.folder, 'socket'),
            '--backend', os.path.join(self.folder, 'none'), '--policy', policy)
        self.assertEqual(done.code, 2)
        self.assertLess(len(done.err), 1000)


if __name__ == '__main__':
    unittest.main()
