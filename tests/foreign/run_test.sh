#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Bazel's own py_test starts "python", a name that Debian does not install.

PYTHONDONTWRITEBYTECODE=1 exec python3 "tests/foreign/$1.py"
