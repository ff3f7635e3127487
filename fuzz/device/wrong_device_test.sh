#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# A device with a wrong bound in Prepare() is found: wrong_device_test.sh TARGET
# CORPUS

set -u
if "$1" --mutations=50 "$2" 2> "${TEST_TMPDIR}/errors"; then
  echo "the wrong bound was not found" >&2
  exit 1
fi
cat "${TEST_TMPDIR}/errors" >&2
grep --quiet "broken promise: a committed state is what is saved" \
  "${TEST_TMPDIR}/errors"
