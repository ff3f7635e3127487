# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The example back-ends as sources and destinations, for the tests here."""

import os

import harness

FILES = 2000
CHANNELS = {
    'given': [],
    'pipe': ['--fd=own', '--channel=pipe'],
    'socketpair': ['--fd=own', '--channel=socketpair'],
    'memfd': ['--fd=own', '--channel=memfd'],
    'file': ['--fd=own', '--channel=file'],
}


class ExampleTest(harness.QemuTest):

    def setUp(self):
        super().setUp()
        self.tree = self.path('tree')
        for i in range(FILES):
            folder = os.path.join(self.tree, 'folder%d' % (i % 40))
            os.makedirs(folder, exist_ok=True)
            name = os.path.join(folder, 'a file with a name %d' % i)
            if i % 50 == 0:
                os.symlink('somewhere', name)
            else:
                with open(name, 'w') as file:
                    file.write(str(i))

    def start(self, device, out, *flags):
        own = {
            'fs': ['--shared-dir=' + self.tree, '--table-out=' + out],
            'net': ['--state-out=' + out],
        }
        return self.example(device, *own[device], *flags)

    def source(self, device, *flags, seed=1):
        if device == 'net':
            flags += ('--seed=%d' % seed,)
        return self.start(device, self.path('source-' + device), *flags)

    def destination(self, device, *flags):
        return self.start(device, self.path('destination-' + device),
                          '--await-load', *flags)

    def text(self, role, device):
        """The state as the back-end itself has written it down."""
        with open(self.path('%s-%s' % (role, device))) as file:
            return file.read()

    def assert_same_state(self, device):
        source = self.text('source', device)
        self.assertEqual(self.text('destination', device), source)
        least = {'fs': FILES, 'net': 20}
        self.assertGreater(source.count('\n'), least[device])
