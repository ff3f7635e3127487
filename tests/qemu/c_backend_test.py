# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The back-end in C under stock QEMU, alone and with the one in C++."""

import itertools
import os

import harness

BACKENDS = {
    'c': 'examples/c_backend/c_backend',
    'cpp': 'examples/hello_backend/hello_backend',
}


class Hello(harness.Process):
    """A back-end whose state is a list of greetings."""

    def __init__(self, language, path, *greetings):
        super().__init__([BACKENDS[language], '--socket-path=' + path] +
                         list(greetings))
        self.path = path
        self.wait_line('^listening$')


class CBackendTest(harness.QemuTest):

    def hello(self, language, *greetings):
        self.count += 1
        backend = Hello(language, self.path('s%d' % self.count), *greetings)
        self.addCleanup(backend.stop)
        return backend

    def test_c1_migrates_to_and_from_both_languages(self):
        for source_language, language in itertools.product(BACKENDS, BACKENDS):
            with self.subTest(source=source_language, destination=language):
                source = self.hello(source_language, 'from ' + source_language)
                qemu = self.qemu(source)
                path = self.path('image')
                self.assert_completed(qemu.save(path), qemu, source)
                destination = self.hello(language)
                other = self.qemu(destination, incoming=True)
                self.assert_completed(other.load(path), other, destination)
                destination.wait_line('^from %s$' % source_language)
                destination.wait_line('^loaded, said 1 times$')
                for process in (qemu, other, source, destination):
                    process.stop()
                os.unlink(path)

    def test_c2_damage_is_refused_and_a_good_state_loads_next(self):
        source = self.hello('c', 'a greeting')
        qemu = self.qemu(source)
        path = self.path('image')
        self.assert_completed(qemu.save(path), qemu, source)
        with open(path, 'rb') as file:
            image = bytearray(file.read())
        at = image.index(b'\xd5devst') + 100
        image[at] ^= 1
        damaged = self.path('damaged')
        with open(damaged, 'wb') as file:
            file.write(image)
        destination = self.hello('c', 'stays')
        other = self.qemu(destination, incoming=True)
        self.assert_failed(other.load(damaged), other, destination)
        destination.wait_line('checksum')
        other.stop()
        again = self.qemu(destination, incoming=True)
        self.assert_completed(again.load(path), again, destination)
        destination.wait_line('^a greeting$')

    def test_c3_a_killed_source_fails_the_migration(self):
        source = self.hello('c', 'a greeting')
        qemu = self.qemu(source)
        source.process.kill()
        source.wait_exit()
        self.assert_failed(qemu.save(self.path('image')), qemu, source)


if __name__ == '__main__':
    harness.main()
