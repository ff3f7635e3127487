#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The smallest back-end migrates, keeps the rules, and is what the README shows.

. tests/cli/command_test_lib.sh

example=examples/hello_backend
hello=$PWD/$example/hello_backend

start_backend source "$hello" hello world
start_backend destination "$hello" 2> "$folder/reasons"
run "migrate" 0 "$devstate" migrate --from "$folder/source" \
  --to "$folder/destination"
run "save" 0 "$devstate" save --socket "$folder/destination" -o "$folder/state"
run "dump" 0 "$devstate" dump "$folder/state"
says "dump" '"hello"'
says "dump" '"world"'

head -c 100 "$folder/state" > "$folder/cut"
run "cut" 1 "$devstate" load --socket "$folder/destination" "$folder/cut"
grep -q "damaged" "$folder/reasons" ||
  fail "the back-end does not say why it refuses: $(cat "$folder/reasons")"
kill "${pids[@]}"

run "conformance" 0 "$devstate" conformance --start \
  "$hello --socket-path={socket} hello"

# quoted FILE: the block of the README after the line that names the file.
quoted() {
  awk -v name="<!-- $1 -->" '
    /^```$/ && inside { exit }
    inside { print }
    $0 == name { found = 1 }
    /^```./ && found { inside = 1 }' README.md
}
for file in hello.proto hello_backend.cc; do
  # Without the licence, which the README does not repeat.
  sed '1,2d' "$example/$file" | sed '/./,$!d' > "$folder/file"
  quoted "$example/$file" > "$folder/out"
  cmp -s "$folder/file" "$folder/out" ||
    fail "README.md does not quote $example/$file as it is"
done
lines=$(grep -vcE '^ *(//|$)' "$example/hello_backend.cc")
[ "$lines" -le 80 ] ||
  fail "$example/hello_backend.cc has $lines lines that are neither empty nor comments"

[ "$failures" = 0 ] || exit 1
echo "all held"
