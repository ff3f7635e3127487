#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0

PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/qemu \
  exec python3 tests/recovery/systemd_test.py "$@"
