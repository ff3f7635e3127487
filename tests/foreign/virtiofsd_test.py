# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Our front-end against virtiofsd (1.13 or later), over each kind of channel.

Runs the command in $VIRTIOFSD, or the installed virtiofsd. Skipped where there
is none: tests/foreign/install.sh installs one on Debian 12.
"""

import os

import foreign_testing


class VirtiofsdTest(foreign_testing.ForeignTest):

    def test_state_goes_from_one_to_another_and_back_out(self):
        self.write('share/file', b'contents')
        for channel in ('pipe', 'socketpair', 'memfd', 'file'):
            with self.subTest(channel=channel):
                source, destination = channel + '-from', channel + '-to'
                self.start_virtiofsd(source)
                self.frontend(source, channel, ('save', 'state'),
                              ('save', 'again'))
                self.start_virtiofsd(destination)
                self.frontend(destination, channel, ('load', 'state'),
                              ('save', 'loaded'))
                self.assertGreater(os.path.getsize(self.path('state')), 0)
                self.assertGreater(os.path.getsize(self.path('again')), 0)
                self.assertGreater(os.path.getsize(self.path('loaded')), 0)


if __name__ == '__main__':
    foreign_testing.main()
