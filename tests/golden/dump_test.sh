#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The dump in docs/stream_format.md is that of the golden stream, and its worked
# columns are what they are said to be.

set -eu

diff <(sed -n '/^## A small stream/,$p' docs/stream_format.md |
  sed -n '/^```$/,/^```$/p' | sed '1d;$d') \
  <(python3 tests/golden/annotate.py tests/golden/fs_small.dstate)

# The bytes of the dump alone are the file.
diff <(sed -n '/^## A small stream/,$p' docs/stream_format.md |
  sed -nE 's/^[0-9a-f]{4}  (([0-9a-f]{2} ?)+).*/\1/p' | tr -d ' \n') \
  <(od -An -v -tx1 tests/golden/fs_small.dstate | tr -d ' \n')
