#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs check, lint, explain and matrix as a user does.

set -u
devstate=$PWD/cli/devstate
cd "$TEST_TMPDIR" || exit 1
failures=0

fail() {
  echo "FAILED: $1"
  sed 's/^/  | /' out err
  failures=$((failures + 1))
}

# run NAME EXIT_CODE ARGUMENT…: output goes to out and err.
run() {
  local name=$1 expected=$2
  shift 2
  "$devstate" "$@" > out 2> err < /dev/null
  local code=$?
  [ "$code" = "$expected" ] || fail "$name: exit code $code, expected $expected"
}

# says NAME FILE TEXT
says() {
  grep -qF -- "$3" "$2" || fail "$1: $2 does not say \"$3\""
}

# one_line NAME: the error is one line, and nothing else is printed.
one_line() {
  [ "$(wc -l < err)" = 1 ] && [ ! -s out ] || fail "$1: not one line of error"
}

# schema VERSION FIELDS > FILE
schema() {
  echo "syntax = \"proto3\"; package t; import \"devstate/options.proto\";"
  echo "message S { option (devstate.message) = {"
  echo "  schema: \"t\" version: $1 device: \"d\" };"
  echo "$2 }"
}

mkdir -p released
schema 1 "uint32 a = 1;" > released/v1.proto
schema 2 "uint32 a = 1; optional uint32 b = 2 [(devstate.field).since = 2];" \
  > released/v2.proto
schema 3 "string a = 1;" > other.proto
schema 2 "uint32 a = 1; uint32 c = 3 [(devstate.field) = {
  ignorable: true since: 2 }];" > ignorable.proto
old=released/v1.proto
new=released/v2.proto

run same 0 check --old $old --new $old
says same out "upgrade: identical"
run upgrade 0 check --old $old --new $new --direction upgrade
run conditional 4 check --old $old --new $new
says conditional out "b: field 2 (b) is absent"
run accepted 0 check --old $old --new $new --accept lossy,conditional
run not-accepted 4 check --old $old --new $new --accept lossy
run lossy 5 check --old $old --new ignorable.proto
run lossy-accepted 0 check --old $old --new ignorable.proto --accept lossy
run refused 1 check --old $old --new other.proto
says refused out "[wire-type-changed]"
run refused-accepted 1 check --old $old --new other.proto \
  --accept lossy,conditional
run lineage 0 check --old $old --new $new --lineage released \
  --direction upgrade

run no-file 2 check --old none.proto --new $new
one_line no-file
run no-flag 2 check --old $old
run bad-flag 2 check --old $old --new $new --accept refused
echo 'syntax = "proto3"; message S { uint a = 1; }' > broken.proto
run broken 2 check --old broken.proto --new $new
one_line broken
says broken err "broken.proto:1:"
head -c 300 /dev/urandom > rubbish.binpb
run rubbish 2 check --old rubbish.binpb --new $new
one_line rubbish

run json 4 check --old $old --new $new --format json
python3 -m json.tool < out > pretty || fail "json: not JSON"
run json-empty 0 check --old $old --new $old --format json
[ "$(cat out)" = '{"directions":[{"direction":"upgrade","verdict":"identical","findings":[],"conditions":[]},{"direction":"downgrade","verdict":"identical","findings":[],"conditions":[]}]}' ] ||
  fail "json-empty: not the report of verdict.proto"
run junit 4 check --old $old --new $new --format junit
python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("out")' ||
  fail "junit: not XML"
says junit out 'failures="1"'

cat > waivers <<'END'
waiver {
  rule: "unknown-critical"
  path: "b"
  direction: "downgrade"
  reason: "no release fills it"
  expiry: "2026-12-31"
}
END
run waived 0 check --old $old --new $new --waivers waivers --today 2026-06-01
run expired 1 check --old $old --new $new --waivers waivers --today 2027-06-01
says expired err "[waiver-expired]"
run unused 1 check --old $old --new $old --waivers waivers --today 2026-06-01
says unused err "[waiver-unused]"
echo 'waiver { rule: "x" }' > bad-waivers
run bad-waivers 2 check --old $old --new $new --waivers bad-waivers
one_line bad-waivers

run lint 0 lint $new --against released
run lint-alone 0 lint $new
schema 3 "uint32 a = 1;" > removed.proto
run lint-removed 1 lint removed.proto --against released
says lint-removed out "removed.proto:2:1: error: [removed-without-tombstone]"
run lint-json 1 lint removed.proto --against released --format json
python3 -m json.tool < out > pretty || fail "lint-json: not JSON"
run lint-junit 1 lint removed.proto --against released --format junit
says lint-junit out "<failure"
run lint-no-folder 2 lint removed.proto --against none
one_line lint-no-folder
mkdir first
run lint-first-release 0 lint $old --against first
schema 1 "repeated N n = 1; message N { N next = 1; }" > recursive.proto
run lint-recursive 1 lint recursive.proto
says lint-recursive out "[schema-without-code]"

run explain 0 explain numbers-swapped
says explain out "Remedy:"
run explain-all 0 explain
says explain-all out "since-missing"
run explain-none 2 explain no-such-rule
one_line explain-none

run matrix 0 matrix released
says matrix out "identical"
says matrix out "conditional"
run matrix-json 0 matrix released --format json
python3 -m json.tool < out > pretty || fail "matrix-json: not JSON"
run matrix-none 2 matrix none
one_line matrix-none
mkdir empty twice same
run matrix-empty 2 matrix empty
one_line matrix-empty
cp released/v1.proto twice/v1.proto
schema 1 "uint64 a = 1;" > twice/other.proto
run matrix-twice 2 matrix twice
one_line matrix-twice
says matrix-twice err "twice/v1.proto is version 1 of t, as twice/other.proto is, which differs"
cp released/v1.proto same/v1.proto
cp released/v1.proto same/copy.proto
run matrix-same 2 matrix same
says matrix-same err "keep one of them"

[ "$failures" = 0 ] && echo "all passed"
exit $((failures > 0))
