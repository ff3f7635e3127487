#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the test named by the first argument, with the others. Bazel's own py_test
# starts "python", a name that Debian does not install.

PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/qemu:tests/foreign OPAQUE_BACKEND=tests/qemu/opaque_backend \
  exec python3 "tests/qemu/$1.py" "${@:2}"
