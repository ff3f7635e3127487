#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs encode and decode as a user does.

. tests/cli/command_test_lib.sh
golden=$PWD/tests/golden
fs=(--schema "$PWD/proto/devices/fs/v1/released/1/fs.proto")
cd "$folder" || exit 1

# same NAME FILE FILE
same() {
  cmp "$2" "$3" > out 2>&1 || fail "$1: $2 and $3 differ"
}

# --- A stream comes back byte by byte, through every format ---

for format in json text binary; do
  run "decode-$format" 0 "$devstate" decode "${fs[@]}" --format $format \
    "$golden/fs_small.dstate" -o "small.$format"
  run "encode-$format" 0 "$devstate" encode "${fs[@]}" --format $format \
    "small.$format" -o small.dstate --compression raw --no-descriptors \
    --batch-records 4 --writer devstate-golden --writer-version 1
  same "golden-$format" small.dstate "$golden/fs_small.dstate"
done

run encode 0 "$devstate" encode "${fs[@]}" small.json -o a.dstate \
  --instance fs0 --feature SOMETHING
run verify 0 "$devstate" verify a.dstate
run verify-deep 0 "$devstate" verify --deep a.dstate
run verify-deep-schema 0 "$devstate" verify --deep "${fs[@]}" a.dstate
# Whole, but with a value that an annotation does not allow.
broken=${golden%/golden}/stream_cases/I_id0.dstate
run verify-broken 0 "$devstate" verify "$broken"
run verify-deep-broken 1 "$devstate" verify --deep "$broken"
says verify-deep-broken "required-missing"
says verify-deep-broken "inodes.id"
run verify-deep-other-schema 2 "$devstate" verify --deep "${fs[@]}" "$broken"
says verify-deep-other-schema "another fingerprint"
run info 0 "$devstate" info a.dstate
says info "fs0"
says info "SOMETHING"
# By the schema that it carries.
run decode-embedded 0 "$devstate" decode a.dstate -o b.json
same embedded b.json small.json
"$devstate" decode a.dstate > piped.json
same piped piped.json small.json
"$devstate" encode "${fs[@]}" - -o - < small.json > b.dstate
run encode-stdin 0 "$devstate" decode b.dstate -o c.json
same stdin c.json small.json

# --- Features that the fields say ---

cat > t.proto <<'END'
syntax = "proto3";
package t;
import "devstate/options.proto";
message S {
  option (devstate.message) = { schema: "t" version: 1 device: "d" };
  repeated R rs = 1;
  map<string, uint32> by_name = 2;
}
message R {
  optional uint32 a = 1 [(devstate.field).feature = "A"];
  optional uint32 b = 2 [(devstate.field).feature = "B"];
  Kind kind = 3;
}
enum Kind { NONE = 0; SOME = 1; }
END
echo 'rs { a: 0 } by_name { key: "b" } by_name { key: "a" }' > t.text
run features 0 "$devstate" encode --schema t.proto --format text t.text \
  -o t.dstate
run features 0 "$devstate" info t.dstate
says features "features used   A"
for i in 1 2 3; do
  "$devstate" decode t.dstate --format binary > "t.binary.$i"
done
same deterministic t.binary.1 t.binary.2
same deterministic t.binary.1 t.binary.3

# --- Errors: one line, with the place, and no file left ---

refused() {
  local name=$1 text=$2
  shift 2
  run "$name" 2 "$devstate" encode "$@" -o refused.dstate
  one_line "$name"
  says "$name" "$text"
  [ ! -e refused.dstate ] && [ -z "$(ls .devstate-* 2> /dev/null)" ] ||
    fail "$name: leaves a file"
}
echo '{"session": {"wrong": 1}}' > wrong.json
refused json-field "wrong.json: (session) wrong" "${fs[@]}" wrong.json
echo '{"session": ' > cut.json
refused json-cut "cut.json: " "${fs[@]}" cut.json
echo '{"inodes": [{"mode": -1}]}' > range.json
refused json-range "inodes[0].mode" "${fs[@]}" range.json
printf 'session {\n  wrong: 1\n}' > wrong.text
refused text-field 'wrong.text: line 2, column 8: ' "${fs[@]}" --format text \
  wrong.text
printf '\xf8\x07\x01' > wrong.binary
refused binary-field "wrong.binary: 127 is a field" "${fs[@]}" --format binary \
  wrong.binary
echo '{"nextInode": 1, "session": {}, "next_inode": 2}' > twice.json
refused json-field-twice "twice.json: next_inode is there twice" "${fs[@]}" twice.json
echo '{"inodes": [{"id": 1}, {"id": 2, "path": {"name": "a", "name": "b"}}]}' > twice.json
refused json-record-field-twice "inodes[1].path.name is there twice" "${fs[@]}" twice.json
echo '{"by_name": {"a": 1, "b": 2, "a": 3}}' > twice.json
refused json-key-twice "by_name.a is there twice" --schema t.proto twice.json
printf 'next_inode: 1\nnext_inode: 2' > twice.text
refused text-field-twice "twice.text: line 2" "${fs[@]}" --format text twice.text
echo 'by_name { key: "a" } by_name { key: "a" value: 2 }' > twice.text
refused text-key-twice 'twice.text: by_name["a"] is there twice' --schema t.proto \
  --format text twice.text
printf '\x10\x01\x10\x02' > twice.binary
refused binary-field-twice "twice.binary: next_inode occurs more than once" \
  "${fs[@]}" --format binary twice.binary
printf '\x12\x03\x0a\x01a\x12\x03\x0a\x01a' > twice.binary
refused binary-key-twice "twice.binary: by_name has a key more than once" \
  --schema t.proto --format binary twice.binary
echo 'rs { } rs { kind: 7 }' > enum.text
refused enum "enum.text: " --schema t.proto --format text enum.text
# In JSON, numbers do for enums.
echo '{"rs": [{}, {"kind": 7}]}' > enum.json
refused enum-number "enum.json: rs 0 to 1: kind: record 1 of the batch has 7" --schema t.proto enum.json
refused no-schema "none.proto: no such file" --schema none.proto small.json
refused no-input "none.json: " "${fs[@]}" none.json

run no-descriptors 2 "$devstate" decode "$golden/fs_small.dstate"
one_line no-descriptors
says no-descriptors "--schema"
run other-schema 2 "$devstate" decode --schema t.proto a.dstate
one_line other-schema
says other-schema "devices.fs.v1.FsState"
head -c 1000 a.dstate > cut.dstate
run cut 3 "$devstate" decode cut.dstate -o cut.out
[ ! -e cut.out ] || fail "cut: leaves a file"

[ "$failures" = 0 ] || exit 1
echo "All passed."
