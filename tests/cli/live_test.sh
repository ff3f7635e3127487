#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# save, load, migrate, info and verify, with the example back-end at the socket.

. tests/cli/command_test_lib.sh

# start NAME [FLAG…]: the example back-end with its table in a file.
start() {
  start_backend "$1" "$backend" --shared-dir "$tree" \
    --table-out "$folder/$1.table" "${@:2}"
}

start source
start first --await-load
start second --await-load

state=$folder/fs.dstate
run "save" 0 "$devstate" save --socket "$folder/source" -o "$state"
says "save" "accepted by the back-end"
run "verify" 0 "$devstate" verify "$state"
says "verify" "whole:"
run "verify of standard input" 0 sh -c "'$devstate' verify - < '$state'"
run "info" 0 "$devstate" info "$state"
says "info" "virtio-fs"
says "info" "devices.fs.v1 version 3"
run "info as JSON" 0 "$devstate" info --format json "$state"
python3 -m json.tool < "$folder/out" > "$folder/json" || fail "info: no JSON"

"$backend" --print-manifest > "$folder/manifest"
python3 - "$folder/json" "$folder/manifest" <<'END' ||
import json, sys
header, manifest = (json.load(open(name)) for name in sys.argv[1:])
assert header["writer"] == manifest["implementation"], (header, manifest)
version = manifest["versions"][-1]
assert header["schema_version"] == version["version"], (header, manifest)
assert header["fingerprint"] == version["fingerprint"], (header, manifest)
assert header["descriptor_set"] == version["descriptor_set"]
END
  fail "the manifest is not that of the stream"

run "load" 0 "$devstate" load --socket "$folder/first" "$state"
cmp -s "$folder/source.table" "$folder/first.table" ||
  fail "load: the tables differ"
run "migrate" 0 "$devstate" migrate --from "$folder/source" \
  --to "$folder/second"
cmp -s "$folder/source.table" "$folder/second.table" ||
  fail "migrate: the tables differ"

# In rounds, while a guest changes the table. What the source has at the end is
# what it saves afterwards.
start running --rounds --guest-rate 2000
start third --await-load --rounds
run "rounds" 0 "$devstate" migrate --rounds --downtime 0 --max-rounds 4 \
  --from "$folder/running" --to "$folder/third"
says "rounds" "round 1: "
says "rounds" "accepted by both back-ends"
run "save of the source" 0 "$devstate" save --socket "$folder/running" \
  -o "$folder/source.dstate"
run "save of the destination" 0 "$devstate" save --socket "$folder/third" \
  -o "$folder/third.dstate"
run "the state after rounds" 0 "$devstate" diff "$folder/source.dstate" \
  "$folder/third.dstate"
run "rounds that are not offered" 1 "$devstate" migrate --rounds \
  --from "$folder/running" --to "$folder/second"
says "rounds that are not offered" "does not offer states in rounds"
one_line "rounds that are not offered"
run "migrate after that" 0 "$devstate" migrate --from "$folder/running" \
  --to "$folder/second"

head -c 1000 "$state" > "$folder/cut"
run "verify of a cut file" 3 "$devstate" verify "$folder/cut"
says "verify of a cut file" "no trailer"
says "verify of a cut file" "devstate: $folder/cut:0x"
one_line "verify of a cut file"
run "load of a cut file" 1 "$devstate" load --socket "$folder/first" \
  "$folder/cut"
says "load of a cut file" "CHECK_DEVICE_STATE with 0xd508"
says "load of a cut file" ", damaged [no-trailer]"
one_line "load of a cut file"
cmp -s "$folder/source.table" "$folder/first.table" ||
  fail "load of a cut file: the table changed"
run "load after a refused one" 0 "$devstate" load --socket "$folder/first" \
  "$state"

# --- What goes wrong is told with socket and request ---

# peer NAME DEVIATION: not among those that end well on SIGTERM.
peers=()
peer() {
  mkfifo "$folder/$1.log"
  python3 tests/cli/deviating_backend.py --socket-path "$folder/$1" \
    --deviation "$2" > "$folder/$1.log" &
  peers+=($!)
  read -r _ < "$folder/$1.log"
}
peer right ""
peer silent silent
peer refusing refuse
run "silent destination" 2 "$devstate" migrate --from "$folder/right" \
  --to "$folder/silent" --timeout 1
says "silent destination" "devstate: $folder/silent: CHECK_DEVICE_STATE: no reply within 1s"
one_line "silent destination"
run "silent source" 2 "$devstate" migrate --from "$folder/silent" \
  --to "$folder/right" --timeout 1
says "silent source" "devstate: $folder/silent: CHECK_DEVICE_STATE: no reply within 1s"
one_line "silent source"
run "save of a silent one" 2 "$devstate" save --socket "$folder/silent" \
  -o "$folder/none" --timeout 1
says "save of a silent one" "devstate: $folder/silent: CHECK_DEVICE_STATE: no reply within 1s"
run "load of a silent one" 2 "$devstate" load --socket "$folder/silent" \
  "$state" --timeout 1
says "load of a silent one" "devstate: $folder/silent: CHECK_DEVICE_STATE: no reply within 1s"
run "refusing source" 1 "$devstate" migrate --from "$folder/refusing" \
  --to "$folder/right"
says "refusing source" "devstate: $folder/refusing: SET_DEVICE_STATE_FD: refused"
run "refusing destination" 1 "$devstate" migrate --from "$folder/right" \
  --to "$folder/refusing"
says "refusing destination" "devstate: $folder/refusing: SET_DEVICE_STATE_FD: refused"
kill "${peers[@]}"

printf '\x89PNG\r\n\x1a\n and more of a picture' > "$folder/picture"
: > "$folder/empty"
run "load of a picture" 1 "$devstate" load --socket "$folder/first" \
  "$folder/picture"
one_line "load of a picture"
says "load of a picture" "damaged [not-a-stream]: devstate explain not-a-stream"
# As virtiofsd saves it before a guest has mounted anything.
printf '\1\0\2\0\0\0\0\0\0\0' > "$folder/foreign"
run "load of a foreign state" 1 "$devstate" load --socket "$folder/first" \
  "$folder/foreign"
one_line "load of a foreign state"
says "load of a foreign state" \
  "The state is one of virtiofsd: devstate convert FILE --to devices.fs.v1"
for verb in info verify; do
  run "$verb of a picture" 3 "$devstate" "$verb" "$folder/picture"
  says "$verb of a picture" "not a devstate stream"
  one_line "$verb of a picture"
  run "$verb of an empty file" 3 "$devstate" "$verb" "$folder/empty"
  one_line "$verb of an empty file"
  run "$verb of a directory" 2 "$devstate" "$verb" "$tree"
  says "$verb of a directory" "directory"
  one_line "$verb of a directory"
  run "$verb of nothing" 2 "$devstate" "$verb" "$folder/nowhere"
  one_line "$verb of nothing"
  run "$verb of /dev/zero" 3 "$devstate" "$verb" /dev/zero
  one_line "$verb of /dev/zero"
done
run "save without a back-end" 2 "$devstate" save --socket "$folder/nowhere" \
  -o "$folder/other"
one_line "save without a back-end"
[ -e "$folder/other" ] && fail "save without a back-end left a file"
run "save into no folder" 2 "$devstate" save --socket "$folder/source" \
  -o "$folder/no/folder"
one_line "save into no folder"

stop_backends
[ "$failures" = 0 ] || exit 1
echo "all held"
