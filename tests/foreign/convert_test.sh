#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# devstate convert and verify on foreign states: options, pipes, exit codes.

. tests/cli/command_test_lib.sh
state=foreign/states/virtiofsd/testdata/open-fp.state
portable=$folder/portable

for fixture in foreign/states/virtiofsd/testdata/*.state; do
  run "import $fixture" 0 "$devstate" convert "$fixture" --to devices.fs.v1 -o "$portable"
  run "verify $fixture" 0 "$devstate" verify "$portable"
  run "export $fixture" 0 "$devstate" convert "$portable" --to virtiofsd -o "$folder/back"
  cmp -s "$fixture" "$folder/back" || fail "$fixture does not come back as it was"
done

run "import, format given" 0 "$devstate" convert "$state" --from virtiofsd --to devices.fs.v1 -o "$portable"
says "import" "converted 10 records in 92 bytes, virtiofsd V2, to devices.fs.v1"
run "both ways through pipes" 0 bash -c \
  "set -o pipefail; cat $state | '$devstate' convert - --to devices.fs.v1 -o - |
   '$devstate' convert - --to virtiofsd -o - > '$folder/piped'"
cmp -s "$state" "$folder/piped" || fail "the state changed in the pipes"
run "compression" 0 "$devstate" convert "$state" --to devices.fs.v1 --compression zstd:3 -o "$folder/zstd"
run "verify of a foreign state" 0 "$devstate" verify "$state"
says "verify of a foreign state" "open-fp.state: whole: a state of virtiofsd V2, 10 records, 92 bytes"
run "verify of a foreign state in a pipe" 0 bash -c "cat $state | '$devstate' verify -"

# refused NAME EXIT_CODE TEXT INPUT FLAG…: one line, and no output.
refused() {
  local name=$1 code=$2 text=$3 input=$4
  shift 4
  run "$name" "$code" "$devstate" convert "$input" "$@" -o "$folder/none"
  says "$name" "$text"
  one_line "$name"
  [ -e "$folder/none" ] && fail "$name: there is an output"
  [ -n "$(ls "$folder"/.devstate-* 2> /dev/null)" ] && fail "$name: there is half an output"
}

head -c 50 "$state" > "$folder/cut"
refused "cut" 3 "cut:0x32: inode 6 of 7: the state ends within the location" "$folder/cut" --to devices.fs.v1
{ cat "$state"; echo; } > "$folder/long"
refused "long" 3 "long:0x5c: bytes follow the end" "$folder/long" --to devices.fs.v1
refused "text" 3 "in none of the foreign formats (crosvm, passt, virtiofsd)" tests/cli/command_test_lib.sh --to devices.fs.v1
refused "already converted" 2 "is a devstate stream already" "$portable" --to devices.fs.v1
refused "damaged stream" 3 "checksum" <(head -c 1000 "$portable"; echo; tail -c +1002 "$portable") --to virtiofsd
refused "no stream" 3 "" "$state" --to virtiofsd
refused "no file" 2 "cannot open" "$folder/nothing" --to devices.fs.v1
refused "version of a schema" 2 "--version is for a foreign format" "$state" --to devices.fs.v1 --version V1
refused "unknown version" 2 "has the versions V1, V2" "$portable" --to virtiofsd --version V3
refused "compression" 2 "--compression" "$state" --to devices.fs.v1 --compression lzma
# Inode 2's refcount 5 becomes 0.
{ head -c 7 "$state"; printf '\0'; tail -c +9 "$state"; } > "$folder/zero"
run "refcount" 1 "$devstate" convert "$folder/zero" --to devices.fs.v1 -o "$folder/none"
says "refcount" "zero: refused [foreign-refcount] inode 2 at offset 0x6: the refcount is 0"
[ -e "$folder/none" ] && fail "refcount: there is an output"
run "verify of a refused one" 1 "$devstate" verify "$folder/zero"
run "the rule" 0 "$devstate" explain foreign-refcount
says "the rule" "foreign rule"
# What has no end is not copied to the end.
run "endless" 3 "$devstate" convert /dev/zero --to devices.fs.v1 -o "$folder/none"
says "endless" "/dev/zero: is in none of the foreign formats"
run "no such format" 2 "$devstate" convert "$state" --to nothing -o "$folder/none"

exit "$((failures > 0))"
