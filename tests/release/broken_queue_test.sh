#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# devstate_compat_test fails on a schema that must not be released, and says why.

set -u
output=$("./$1" 2>&1)
code=$?
failures=0

says() {
  grep -qF -- "$1" <<< "$output" && return
  echo "FAILED: does not say \"$1\""
  failures=$((failures + 1))
}

if [ "$code" != 1 ]; then
  echo "FAILED: exit code $code, expected 1"
  failures=$((failures + 1))
fi
says "broken_queue.proto:25:1: error: [removed-without-tombstone]"
says "add tombstone { number: 2 name: \"payload\""
says "version 3 reading version 1 (tests/release/released/queue_v1.proto): at worst converted is allowed, but"
says "version 3 reading version 2 (tests/release/released/queue_v2.proto): at worst converted is allowed, but"
says "version 3 read by version 1"
says "refused     features [wire-type-changed] uint64 -> bytes:"
says "conditional requests.payload [removed-critical]"
says "not fit for release"
[ "$failures" = 0 ] || { echo "$output"; exit 1; }
