# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# What the tests of the command share; to be sourced. $folder goes with the test,
# $tree in it has 300 files.

set -u
devstate=$PWD/cli/devstate
backend=$PWD/examples/fs_backend/fs_backend
# Not in TEST_TMPDIR, whose path is too long for a socket's.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tree=$folder/tree
mkdir -p "$tree/a/b"
for i in $(seq 1 300); do echo "$i" > "$tree/a/b/file-$i.txt"; done
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

pids=()

# start_backend NAME COMMAND…: waits until it listens at $folder/NAME.
start_backend() {
  local name=$1 log line
  shift
  mkfifo "$folder/$name.log"
  "$1" --socket-path="$folder/$name" "${@:2}" > "$folder/$name.log" &
  pids+=($!)
  exec {log}< "$folder/$name.log"
  while read -r line <&"$log"; do
    [[ $line == listening* ]] && return
  done
  fail "$name does not listen"
}

stop_backends() {
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid"
    wait "$pid" || fail "a back-end does not end well on SIGTERM"
  done
}
