#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The back-end in C keeps the rules, and it and the one in C++ take each other's
# states.

. tests/cli/command_test_lib.sh

in_c=$PWD/examples/c_backend/c_backend
in_cpp=$PWD/examples/hello_backend/hello_backend

# migrates NAME FROM TO: two greetings come through.
migrates() {
  start_backend "$1-source" "$2" hello "$1"
  start_backend "$1-destination" "$3"
  run "$1: migrate" 0 "$devstate" migrate --from "$folder/$1-source" \
    --to "$folder/$1-destination"
  for side in source destination; do
    run "$1: save" 0 "$devstate" save --socket "$folder/$1-$side" \
      -o "$folder/$1-$side.state"
  done
  run "$1: dump" 0 "$devstate" dump "$folder/$1-destination.state"
  says "$1: dump" '"hello"'
  says "$1: dump" "\"$1\""
  cmp -s "$folder/$1-source.state" "$folder/$1-destination.state" ||
    fail "$1: the states differ"
}

migrates "c-to-c" "$in_c" "$in_c"
migrates "c-to-cpp" "$in_c" "$in_cpp"
migrates "cpp-to-c" "$in_cpp" "$in_c"

# A refused state leaves the device as it was, and a good one comes after it.
python3 - "$folder/c-to-c-source.state" "$folder/damaged" << 'END'
import sys
state = bytearray(open(sys.argv[1], 'rb').read())
state[len(state) // 2] ^= 1
open(sys.argv[2], 'wb').write(state)
END
run "damage" 1 "$devstate" load --socket "$folder/cpp-to-c-destination" \
  "$folder/damaged"
says "damage" "damaged [checksum]"
run "save after damage" 0 "$devstate" save \
  --socket "$folder/cpp-to-c-destination" -o "$folder/after"
cmp -s "$folder/after" "$folder/cpp-to-c-source.state" ||
  fail "the damaged state changed the device"
run "load after damage" 0 "$devstate" load \
  --socket "$folder/cpp-to-c-destination" "$folder/c-to-c-source.state"
kill "${pids[@]}"

run "conformance" 0 "$devstate" conformance --start \
  "$in_c --socket-path={socket} hello world"
says "conformance" "17 passed"

[ "$failures" = 0 ] || exit 1
echo "all held"
