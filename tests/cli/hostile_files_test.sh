#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Every verb that takes a file gets what is no such file: one line on standard
# error, a documented exit code, in bounded time and memory.

. tests/cli/command_test_lib.sh
SECONDS_LIMIT=30
MEMORY_LIMIT=2000000 # KiB of address space

start_backend source "$backend" --shared-dir "$tree" --table-out "$folder/t1"
start_backend sink "$backend" --shared-dir "$tree" --table-out "$folder/t2" \
  --await-load

good=$folder/good.dstate
schema=proto/devices/fs/v1/fs.proto
vm=foreign/containers/qemu/testdata/fs-5136-bytes-q35.mig
run "save" 0 "$devstate" save --socket "$folder/source" -o "$good"
size=$(stat -c %s "$good")
{ printf '\x89PNG\r\n\x1a\n'; head -c 5000 /dev/urandom; } > "$folder/picture"
: > "$folder/empty"
head -c $((size / 2)) "$good" > "$folder/cut"
python3 - "$good" "$folder/flipped" <<'END'
import sys
data = bytearray(open(sys.argv[1], 'rb').read())
data[len(data) * 3 // 4] ^= 4
open(sys.argv[2], 'wb').write(data)
END
cp "$good" "$folder/unreadable"
chmod 000 "$folder/unreadable"
mkdir "$folder/directory"
ln -s /dev/zero "$folder/zero.proto"
cp "$folder/picture" "$folder/picture.proto"

contents=("$folder/picture" "$folder/empty" "$folder/cut" "$folder/flipped"
  /dev/zero)
not_files=("$folder/directory" "$folder/missing")
# Root reads everything.
[ "$(id -u)" = 0 ] || not_files+=("$folder/unreadable")

# A sanitizer takes more address space than there is.
limit=unlimited
if (ulimit -v "$MEMORY_LIMIT" && "$devstate" --version) > /dev/null 2>&1; then
  limit=$MEMORY_LIMIT
fi

# What standard error has for a bad file: a line, or the verb answers in a
# report.
answer=line

# try NAME CODES COMMAND…: the exit code is one of CODES, as "1 3".
try() {
  local name=$1 codes=$2 code
  shift 2
  (
    ulimit -v "$limit"
    exec timeout "$SECONDS_LIMIT" "$@"
  ) > "$folder/stdout" 2> "$folder/out" < /dev/null
  code=$?
  [[ " $codes " == *" $code "* ]] ||
    fail "$name: exit code $code, expected one of $codes"
  [ "$code" = 0 ] || [ "$answer" = report ] || one_line "$name"
  [ "$code" = 0 ] || [ "$answer" = report ] || grep -q '^devstate: ' "$folder/out" ||
    fail "$name: the line does not start with \"devstate: \""
}

# files CODES VERB [ARGUMENT…]: FILE among the arguments is the file. CODES are
# those for files with other contents; what is no file is always 2.
files() {
  local codes=$1 file
  shift
  for file in "${contents[@]}"; do
    try "$* with $file" "$codes" "$devstate" "${@//FILE/$file}"
  done
  for file in "${not_files[@]}"; do
    try "$* with $file" 2 "$devstate" "${@//FILE/$file}"
  done
}

# A verb that takes a file is one more line here. 0 is for damage behind what
# the verb looks at.
files "0 3" info FILE
files "3" verify FILE
files "1 2" load --socket "$folder/sink" --timeout 3 FILE
files "3" dump FILE
files "3" dump --annotate FILE
files "3" decode FILE -o "$folder/none"
files "3" stats FILE
files "3" diff FILE "$good"
files "3" diff "$good" FILE
files "2" check "$good" --reader FILE
files "2 3" convert FILE --to devices.fs.v1 -o "$folder/none"
files "3" convert FILE --to virtiofsd -o "$folder/none"
files "2" encode --schema "$schema" FILE -o "$folder/none"
files "2" encode --schema FILE "$folder/empty" -o "$folder/none"
files "2" qemu list FILE
files "2" qemu extract FILE -o "$folder/none"
files "2" qemu inject FILE "$good" -o "$folder/none"
files "2" lint FILE
files "2" check --old FILE --new FILE
files "2" lint --waivers FILE "$folder/picture.proto"
files "2" matrix FILE

try "lint of a .proto that is no text" "2" "$devstate" lint \
  "$folder/picture.proto"
try "lint of a .proto without end" "2" "$devstate" lint "$folder/zero.proto"

# Any bytes are a state to inject, as long as they can be read.
for file in "${not_files[@]}"; do
  try "qemu inject of $file" 2 "$devstate" qemu inject "$vm" "$file" \
    -o "$folder/none"
done
# What is wrong with a stream is in the report of check.
answer=report
files "3" check FILE --reader "$schema"

[ -e "$folder/none" ] && fail "a refused file left another"
stop_backends
[ "$failures" = 0 ] || exit 1
echo "all held"
