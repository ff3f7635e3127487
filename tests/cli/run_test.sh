#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the test named by the first argument. Bazel's own py_test starts
# "python", a name that Debian does not install.

PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/cli exec python3 "tests/cli/$1.py"
