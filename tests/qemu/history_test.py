# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Releases of one back-end, and another back-end for the same device, take over
each other's machines under stock QEMU."""

import functools
import re

import examples
import harness

# Which lines of QEMU are about the device's state.
ABOUT_STATE = re.compile(r'back-?end|vhost', re.IGNORECASE)
LOCKS = 'handles.locks'
IMPLEMENTATION = {'fs': 'devstate-fs-backend', 'fs_alt': 'devstate-fs-alt'}


def for_each_channel(test):
    @functools.wraps(test)
    def run(self):
        for channel in examples.CHANNELS:
            with self.subTest(channel=channel):
                test(self, channel)
    return run


class HistoryTest(examples.ExampleTest):

    def release(self, name, role, channel, *flags):
        return self.example(name, '--shared-dir=' + self.tree,
                            '--table-out=' + self.path(role + '-fs'),
                            *examples.CHANNELS[channel], *flags)

    def save(self, name, role, channel, *flags):
        """The migration file, and the back-end's log."""
        source = self.release(name, role, channel, *flags)
        qemu = self.qemu(source)
        path = self.path('image-' + role)
        self.assert_completed(qemu.save(path), qemu, source)
        line = source.wait_line('^saved: ')
        for process in (qemu, source):
            process.stop()
        return path, line

    def load(self, name, role, channel, path, then=None):
        """What the back-end says about the state. With `then`, the machine
        moves on and is saved there."""
        destination = self.release(name, role, channel, '--await-load')
        qemu = self.qemu(destination, incoming=True)
        self.assert_completed(qemu.load(path), qemu, destination)
        destination.wait_line('^committed')
        line = destination.wait_line('^verified: ')
        if then is not None:
            self.assert_completed(qemu.save(then), qemu, destination)
            destination.wait_line('^saved: ')
        for process in (qemu, destination):
            process.stop()
        return line

    def refuse(self, name, role, channel, path):
        """What the back-end and what QEMU say about a state."""
        destination = self.release(name, role, channel, '--await-load')
        before = self.text(role, 'fs')
        qemu = self.qemu(destination, incoming=True)
        self.assert_failed(qemu.load(path), qemu, destination)
        line = destination.wait_line('^refused')
        self.assertNotIn('committed', destination.log)
        self.assertEqual(self.text(role, 'fs'), before)
        return line, self.said(qemu, destination)

    def said(self, qemu, backend):
        """All that QEMU says about the state that failed; both are stopped."""
        qemu.wait_line('Error (saving|loading) back-end state')
        for process in (qemu, backend):
            process.stop()
        return [line for line in qemu.lines if ABOUT_STATE.search(line)]

    def show(self, channel, line, said=()):
        print('\n%s: %s' % (channel, line), flush=True)
        for text in said:
            print('  QEMU: ' + text, flush=True)

    def assert_same_table(self):
        table = self.text('source', 'fs')
        self.assertEqual(self.text('destination', 'fs'), table)
        self.assertGreater(table.count('\n'), examples.FILES)

    @for_each_channel
    def test_newest_release_loads_what_the_first_one_saved(self, channel):
        path, _ = self.save('fs_v1', 'source', channel)
        line = self.load('fs', 'destination', channel, path)
        self.assertRegex(line, r'converted: .* version 1 by .*\[field-moved\]')
        self.assert_same_table()
        self.show(channel, line)

    @for_each_channel
    def test_first_release_loads_the_newest_without_its_features(self, channel):
        path, saved = self.save('fs', 'source', channel)
        self.assertRegex(saved, 'schema version 3$')
        line = self.load('fs_v1', 'destination', channel, path)
        self.assertRegex(line, 'converted: .* version 3 by ')
        self.assert_same_table()
        self.show(channel, line)

    @for_each_channel
    def test_pinned_and_lowest_saves_are_the_first_releases_own(self, channel):
        for version in ('1', 'lowest'):
            path, saved = self.save('fs', 'source', channel,
                                    '--save-as=' + version)
            self.assertRegex(saved, 'schema version 1$')
            line = self.load('fs_v1', 'destination', channel, path)
            self.assertRegex(line, 'identical: .* version 1 by ')
            self.assert_same_table()

    @for_each_channel
    def test_what_is_ignorable_is_dropped_and_named(self, channel):
        path, _ = self.save('fs', 'source', channel, '--change-times')
        line = self.load('fs_v1', 'destination', channel, path)
        self.assertRegex(line, r'lossy: .*\[ignorable-dropped\] '
                               r'inodes\.attributes\.ctime_ns')
        source = self.text('source', 'fs')
        self.assertIn(' ctime ', source)
        self.assertEqual(re.sub(' ctime [0-9]+', '', source),
                         self.text('destination', 'fs'))
        self.show(channel, line)

    @for_each_channel
    def test_used_feature_is_refused_at_save_when_pinned(self, channel):
        source = self.release('fs', 'source', channel, '--locks',
                              '--save-as=1')
        qemu = self.qemu(source)
        qemu.command('cont')
        self.assert_failed(qemu.save(self.path('refused')), qemu, source)
        line = source.wait_line('^save failed: ')
        self.assertIn(LOCKS, line)
        qemu.wait_running()
        self.show(channel, line, self.said(qemu, source))

    @for_each_channel
    def test_used_feature_is_refused_at_load_when_not_pinned(self, channel):
        # The lowest version that holds locks is the second.
        for flags, version in ((), 3), (('--save-as=lowest',), 2):
            path, saved = self.save('fs', 'source', channel, '--locks',
                                    *flags)
            self.assertRegex(saved, 'schema version %d$' % version)
            line, said = self.refuse('fs_v1', 'destination', channel, path)
            self.assertRegex(line, r'\[unknown-critical\] ' +
                             re.escape(LOCKS))
            self.assertIn('failed to process its internal state', said[0])
            self.show(channel, line, said)
        # The release that introduced them takes them.
        line = self.load('fs_v2', 'destination', channel, path)
        self.assertRegex(line, 'identical: .* version 2 by ')
        self.assert_same_table()

    def there_and_back(self, channel, one, other, *flags):
        path, _ = self.save(one, 'source', channel, *flags)
        back = self.path('image-back')
        lines = [self.load(other, 'between', channel, path, back),
                 self.load(one, 'destination', channel, back)]
        for line, writer in zip(lines, (one, other)):
            self.assertRegex(line, 'identical: .* by ' + IMPLEMENTATION[writer])
            self.show(channel, line)
        self.assertNotEqual(self.text('between', 'fs'),
                            self.text('source', 'fs'))
        self.assert_same_table()

    @for_each_channel
    def test_other_implementation_takes_over_and_gives_back(self, channel):
        self.there_and_back(channel, 'fs', 'fs_alt', '--change-times', '--locks')

    @for_each_channel
    def test_other_implementation_hands_over_and_gets_back(self, channel):
        self.there_and_back(channel, 'fs_alt', 'fs')

    @for_each_channel
    def test_private_section_stays_with_its_owner(self, channel):
        path, _ = self.save('fs_alt', 'source', channel)
        wanted = r'private: 13 wanted paths, 1 loads'
        again = self.release('fs_alt', 'destination', channel, '--await-load')
        qemu = self.qemu(again, incoming=True)
        self.assert_completed(qemu.load(path), qemu, again)
        again.wait_line(wanted)
        for process in (qemu, again):
            process.stop()
        # A release without the section drops it by name.
        line = self.load('fs_v1', 'between', channel, path)
        self.assertRegex(line, r'lossy: .*\[ignorable-dropped\] alt: ')
        self.show(channel, line)


if __name__ == '__main__':
    harness.main()
