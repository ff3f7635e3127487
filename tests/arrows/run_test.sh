#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the test at the path in the first argument. Bazel's own py_test starts
# "python", a name that Debian does not install.

PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=. exec python3 "$1"
