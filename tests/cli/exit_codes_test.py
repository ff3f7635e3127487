# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Every verb on a full disk, with a closed pipe and in a read-only folder.

Each must exit with a code that its --help documents, and with 2 where its
answer was lost. The verbs come from the command itself: one that is not in
COMMANDS fails the test.
"""

import ctypes
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

DEVSTATE = os.path.abspath('cli/devstate')
BACKEND = os.path.abspath('examples/fs_backend/fs_backend')
STREAM = os.path.abspath('tests/golden/fs_v1.dstate')
FOREIGN = os.path.abspath('foreign/states/virtiofsd/testdata/open-fp.state')
MIGRATION = os.path.abspath('foreign/containers/qemu/testdata/'
                            'fs-5136-bytes-q35.mig')
INFLIGHT = os.path.abspath('foreign/containers/qemu/testdata/'
                           'blk-on-started.mig.zst')
SCHEMA = os.path.abspath('proto/devices/fs/v1/released/1/fs.proto')
PATIENCE = 60  # seconds

# Each verb with arguments that make it work. {out} is its output, {state} and
# the others are files; at {source} and {destination} back-ends listen. The traits:
# "prints" if the answer goes to standard output, "writes" if it goes to {out},
# "folder" if that is a folder, "temporary" if the verb needs a file in $TMPDIR.
COMMANDS = {
    'check': ('--old {schema} --new {schema}', 'prints'),
    'completion': ('bash', 'prints'),
    'conformance': ('--backend {source} --only B3', 'prints'),
    'convert': ('{foreign} --to devices.fs.v1 -o {out}', 'writes'),
    'corpus': ('--schema {schema} -o {out}', 'folder'),
    'decode': ('{state} -o {out}', 'writes'),
    'demo': ('--backend {backend} --tree {tree}', 'prints temporary'),
    'diff': ('{state} {other}', 'prints'),
    'dump': ('{foreign}', 'prints temporary'),
    'encode': ('{json} --schema {schema} -o {out}', 'writes'),
    'explain': ('', 'prints'),
    'help': ('', 'prints'),
    'info': ('{state}', 'prints'),
    'lint': ('{schema} --format json', 'prints'),
    'load': ('--socket {destination} {saved}', ''),
    'man': ('', 'prints'),
    'matrix': ('{released}', 'prints'),
    'merge': ('{state} -o {out}', 'writes'),
    'migrate': ('--from {source} --to {destination}', ''),
    'probe': ('--socket {source}', 'prints'),
    'qemu extract': ('{migration} -o {out}', 'writes'),
    'qemu inflight': ('{inflight}', 'prints temporary'),
    'qemu inject': ('{migration} {state} -o {out}', 'writes'),
    'qemu list': ('{migration}', 'prints'),
    'raise': ('{state} -o {out}', 'writes'),
    'save': ('--socket {source} -o {out}', 'writes'),
    'stats': ('{state}', 'prints'),
    'verify': ('{state}', 'prints'),
}
# Verbs that serve until they are ended, or need one that does: proxy_test.py has
# theirs.
SERVING = ['proxy', 'upgrade']
# What exits with another code than 0 when all is well.
NORMAL = {'diff': 1}


def run(arguments, **options):
    return subprocess.run([DEVSTATE] + arguments, stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
                          check=False, **options)


def help_of(path):
    return run(path.split() + ['--help'], stdout=subprocess.PIPE).stdout


def verbs(path=''):
    """The verbs that run something, below `path`."""
    text = help_of(path)
    below = re.findall(r'^  (\S+) ', text.split('Subcommands:\n')[1].split(
        '\n\n')[0], re.MULTILINE) if 'Subcommands:\n' in text else []
    if not below:
        return [path]
    return [verb for name in below for verb in verbs((path + ' ' + name).strip())]


def documented(verb):
    """The codes in the --help of a verb."""
    text = re.search(r'Exit codes: (.*?)\.\n', help_of(verb), re.DOTALL)[1]
    return {int(code)
            for code in re.findall(r'(?:^|,\s)(\d) ', text)}


def stay_out_of_read_only_folders():
    """Takes root's right to write where nobody may."""
    libc = ctypes.CDLL(None, use_errno=True)
    drop_from_bounding_set, dac_override = 24, 1
    if os.geteuid() == 0 and libc.prctl(drop_from_bounding_set, dac_override, 0,
                                        0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'prctl')


class Backend:
    """An example back-end that listens at `socket`."""

    def __init__(self, folder, tree, *flags):
        self.socket = os.path.join(folder, 'socket-%d' % len(os.listdir(folder)))
        self.process = subprocess.Popen(
            [BACKEND, '--socket-path', self.socket, '--shared-dir', tree] +
            list(flags), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True)
        while not self.process.stdout.readline().startswith('listening'):
            if self.process.poll() is not None:
                raise RuntimeError('the back-end does not listen')

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class ExitCodesTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix='devstate-', dir='/tmp')
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        path = lambda name: os.path.join(cls.folder, name)
        for name in ('tree', 'released', 'sockets'):
            os.mkdir(path(name))
        os.mkdir(path('read-only'), 0o555)
        for name in 'abc':
            with open(path('tree/' + name), 'w', encoding='utf-8') as file:
                file.write(name)
        shutil.copy(SCHEMA, path('released'))
        cls.files = {'schema': path('released/fs.proto'), 'state': STREAM,
                     'foreign': FOREIGN, 'migration': MIGRATION,
                     'inflight': INFLIGHT,
                     'tree': path('tree'), 'released': path('released'),
                     'backend': BACKEND, 'json': path('state.json'),
                     'other': path('other.dstate'), 'saved': path('saved')}
        assert run(['decode', STREAM, '-o', path('state.json')]).returncode == 0
        with open(path('state.json'), encoding='utf-8') as file:
            state = json.load(file)
        state['inodes'].pop()
        with open(path('other.json'), 'w', encoding='utf-8') as file:
            json.dump(state, file)
        assert run(['encode', path('other.json'), '--schema', SCHEMA, '-o',
                    path('other.dstate')]).returncode == 0
        backend = Backend(path('sockets'), path('tree'))
        assert run(['save', '--socket', backend.socket, '-o', path('saved')]
                   ).returncode == 0
        backend.end()

    def start_backend(self, *flags):
        """Starts a back-end and returns its socket."""
        backend = Backend(os.path.join(self.folder, 'sockets'),
                          self.files['tree'], *flags)
        self.addCleanup(backend.end)
        return backend.socket

    def command(self, verb, out):
        """The arguments of a verb, with back-ends for it."""
        text, _ = COMMANDS[verb]
        files = dict(self.files, out=out)
        if '{source}' in text:
            files['source'] = self.start_backend()
        if '{destination}' in text:
            files['destination'] = self.start_backend('--await-load')
        return verb.split() + text.format(**files).split()

    def out(self, verb, traits, name):
        """What a verb writes to: `name`, which is no folder, unless it needs one."""
        if 'folder' not in traits:
            return name
        return tempfile.mkdtemp(prefix=verb, dir=self.folder)

    def each(self, check):
        """Calls check(verb, its traits) for each."""
        for verb, (_, traits) in COMMANDS.items():
            with self.subTest(verb):
                check(verb, traits.split())
            self.doCleanups()

    def check(self, verb, done, expected):
        self.assertEqual(done.returncode, expected, done.stderr)
        self.assertIn(expected, documented(verb))

    def test_every_verb_is_here(self):
        self.assertEqual(sorted(verbs() + ['man']),
                         sorted(list(COMMANDS) + SERVING))

    def test_all_is_well(self):
        def check(verb, _):
            out = os.path.join(self.folder, 'out-' + verb.replace(' ', '-'))
            done = run(self.command(verb, out), stdout=subprocess.DEVNULL)
            self.check(verb, done, NORMAL.get(verb, 0))
        self.each(check)

    def test_full_disk(self):
        def check(verb, traits):
            with open('/dev/full', 'w', encoding='utf-8') as full:
                out = self.out(verb, traits, '/dev/full')
                done = run(self.command(verb, out), stdout=full)
            lost = 'prints' in traits or 'writes' in traits
            self.check(verb, done, 2 if lost else 0)
            if lost:
                self.assertIn('No space left on device', done.stderr)
        self.each(check)

    def test_closed_pipe(self):
        def check(verb, traits):
            reader, writer = os.pipe()
            os.close(reader)
            done = run(self.command(verb, self.out(verb, traits, '-')),
                       stdout=writer)
            os.close(writer)
            lost = 'prints' in traits or 'writes' in traits
            self.check(verb, done, 2 if lost else 0)
            if lost:
                self.assertIn('Broken pipe', done.stderr)
        self.each(check)

    def test_read_only_folder(self):
        folder = os.path.join(self.folder, 'read-only')

        def check(verb, traits):
            done = run(self.command(verb, os.path.join(folder, 'out')),
                       stdout=subprocess.DEVNULL, cwd=folder,
                       env=dict(os.environ, TMPDIR=folder),
                       preexec_fn=stay_out_of_read_only_folders)
            lost = {'writes', 'folder', 'temporary'} & set(traits)
            self.check(verb, done, 2 if lost else NORMAL.get(verb, 0))
            if lost:
                self.assertIn('Permission denied', done.stderr)
                self.assertTrue(folder in done.stderr or
                                '$TMPDIR' in done.stderr, done.stderr)
            self.assertEqual(os.listdir(folder), [])
        self.each(check)


if __name__ == '__main__':
    unittest.main(verbosity=2)
