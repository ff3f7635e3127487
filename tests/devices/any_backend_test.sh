#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# A state of every portable schema is encoded, migrates, and is what it was.

. tests/cli/command_test_lib.sh

any=$PWD/examples/any_backend/any_backend

# migrates NAME SOURCE_ARGUMENTS -- DESTINATION_ARGUMENTS: leaves the states in
# $folder/NAME.from and $folder/NAME.to.
migrates() {
  local name=$1 from=()
  shift
  while [ "$1" != -- ]; do
    from+=("$1")
    shift
  done
  shift
  start_backend "$name.a" "$any" "${from[@]}" --state-out "$folder/$name.from"
  start_backend "$name.b" "$any" "$@" --await-load \
    --state-out "$folder/$name.to"
  run "$name migrates" 0 "$devstate" migrate --from "$folder/$name.a" \
    --to "$folder/$name.b"
  stop_backends
  pids=()
  for side in from to; do
    run "$name decode" 0 "$devstate" decode "$folder/$name.$side" \
      -o "$folder/$name.$side.json"
  done
  cmp "$folder/$name.from.json" "$folder/$name.to.json" > "$folder/out" 2>&1 ||
    fail "$name: another state arrives"
}

count=0
for released in proto/devices/*/v1/released; do
  type=${released#proto/devices/}
  type=${type%%/*}
  version=$(ls "$released" | sort -n | tail -1)
  schema=$released/$version/$type.proto
  golden=tests/golden/${type}_v$version.dstate
  example=devices/$type/${type}_state.txtpb
  count=$((count + 1))

  # One end has the schema from its name, the other from its file.
  migrates "$type" --schema "devices.$type.v1" --state "$golden" -- \
    --schema "$schema"
  run "$type golden" 0 "$devstate" decode "$golden" -o "$folder/golden.json"
  cmp "$folder/golden.json" "$folder/$type.to.json" > "$folder/out" 2>&1 ||
    fail "$type: the golden stream is another state"
  if [ -f "$example" ]; then
    run "$type encode" 0 "$devstate" encode --schema "$schema" --format text \
      "$example" -o "$folder/example"
    run "$type decode" 0 "$devstate" decode "$folder/example" \
      -o "$folder/example.json"
    cmp "$folder/golden.json" "$folder/example.json" > "$folder/out" 2>&1 ||
      fail "$type: the golden stream is not the example"
  fi

  migrates "$type.random" --schema "$schema" --seed "$count" --no-checks -- \
    --schema "devices.$type.v1" --no-checks
done
[ "$count" -ge 15 ] || fail "only $count schemas were found"

# A state that breaks a rule is refused before it is in force.
schema=proto/devices/vsock/v1/released/1/vsock.proto
sed 's/sent: 500/sent: 262245/' devices/vsock/vsock_state.txtpb \
  > "$folder/broken.txtpb"
run "broken encode" 0 "$devstate" encode --schema "$schema" --format text \
  "$folder/broken.txtpb" -o "$folder/broken"
start_backend target "$any" --schema devices.vsock.v1 \
  --state tests/golden/vsock_v1.dstate --state-out "$folder/kept" \
  --load-report "$folder/report"
run "broken load" 1 "$devstate" load --socket "$folder/target" "$folder/broken"
grep -q '\[vsock-credit\]' "$folder/report" ||
  fail "the report does not name the rule: $(cat "$folder/report")"
run "kept" 0 "$devstate" save --socket "$folder/target" -o "$folder/after"
run "diff" 0 "$devstate" diff "$folder/after" tests/golden/vsock_v1.dstate
stop_backends
pids=()

run "no such schema" 1 "$any" --socket-path="$folder/x" --schema devices.none.v1
says "no such schema" "devices.vsock.v1"

run "conformance" 0 "$devstate" conformance --start \
  "$any --socket-path={socket} --schema devices.vsock.v1 \
  --state $PWD/tests/golden/vsock_v1.dstate"

[ "$failures" = 0 ] || exit 1
echo "all held"
