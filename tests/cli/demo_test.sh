#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs `devstate demo` and the example back-end as a user does.

set -u
devstate=$PWD/cli/devstate
backend=$PWD/examples/fs_backend/fs_backend
# Not in TEST_TMPDIR, whose path is too long for a socket's.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tree=$folder/tree
mkdir -p "$tree/a/b" "$tree/c"
for i in $(seq 1 300); do echo "$i" > "$tree/a/b/file-$i.txt"; done
ln -s / "$tree/c/link"
failures=0

fail() {
  echo "FAILED: $1"
  sed 's/^/  | /' "$folder/out"
  failures=$((failures + 1))
}

# run NAME EXIT_CODE COMMAND…: output goes to $folder/out.
run() {
  local name=$1 expected=$2
  shift 2
  "$@" > "$folder/out" 2>&1 < /dev/null
  local code=$?
  [ "$code" = "$expected" ] || fail "$name: exit code $code, expected $expected"
}

# says NAME TEXT
says() {
  grep -qF -- "$2" "$folder/out" || fail "$1: does not say \"$2\""
}

# one_line NAME: the error is one line.
one_line() {
  [ "$(wc -l < "$folder/out")" = 1 ] || fail "$1: not exactly one line"
}

demo() {
  "$devstate" demo --backend "$backend" --tree "${TREE:-$tree}" "$@"
}

for channel in pipe socketpair memfd file; do
  for fd in given own; do
    name="demo through $channel, $fd"
    run "$name" 0 demo --channel "$channel" --fd "$fd"
    says "$name" "verdict identical"
    says "$name" "lines each, equal"
    says "$name" "damaged [checksum]"
    says "$name" "payload checksum mismatch"
    says "$name" "All of it held."
  done
done
for compression in raw zstd zstd:3 automatic; do
  run "demo $compression" 0 demo --compression "$compression"
done

TREE=$folder/nowhere run "tree that does not exist" 1 demo
says "tree that does not exist" "$folder/nowhere"
run "unknown channel" 2 demo --channel carrier-pigeon
run "unknown compression" 1 demo --compression brotli
says "unknown compression" "expected automatic, raw, zstd or zstd:LEVEL"
run "unknown verb" 2 "$devstate" frobnicate
run "help" 0 "$devstate" demo --help
says "help" "Example:"

run "directory that does not exist" 1 \
  "$backend" --socket-path "$folder/s" --shared-dir "$folder/nowhere"
one_line "directory that does not exist"
says "directory that does not exist" "$folder/nowhere"

mkdir "$folder/undecodable"
touch "$folder/undecodable/$(printf 'bad\xffname')"
run "undecodable name" 1 \
  "$backend" --socket-path "$folder/s" --shared-dir "$folder/undecodable"
one_line "undecodable name"
says "undecodable name" 'bad\xffname'

coproc "$backend" --socket-path "$folder/used" --shared-dir "$tree"
first=$COPROC_PID
while read -r line <&"${COPROC[0]}"; do
  [[ $line == listening* ]] && break
done
run "socket in use" 1 \
  "$backend" --socket-path "$folder/used" --shared-dir "$tree" --await-load
says "socket in use" "$folder/used"
kill "$first"
wait "$first" || fail "back-end does not end well on SIGTERM"

[ "$failures" = 0 ] || exit 1
echo "all held"
