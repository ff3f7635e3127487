#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# devstate probe, with back-ends that can migrate, cannot, and do not answer.

. tests/cli/command_test_lib.sh

start_backend good "$backend" --shared-dir "$tree" --table-out "$folder/table"
start_backend bad "$PWD/tests/qemu/opaque_backend" --device-state=off

run "probe" 0 "$devstate" probe --socket "$folder/good"
says "probe" "$folder/good: can migrate"
says "probe" "26  VHOST_F_LOG_ALL"
says "probe" "19  VHOST_USER_PROTOCOL_F_DEVICE_STATE"
run "probe for queues" 0 "$devstate" probe --queues --socket "$folder/good"
says "probe for queues" "queues: "
run "probe as JSON" 0 "$devstate" probe --format json --socket "$folder/good"
python3 - "$folder/out" <<'END' || fail "probe as JSON: not as expected"
import json, sys
report = json.load(open(sys.argv[1]))
assert report['can_migrate'] is True and report['obstacles'] == []
assert 'queues' not in report
assert {'bit': 19, 'name': 'VHOST_USER_PROTOCOL_F_DEVICE_STATE'} in report[
    'protocol_features']
END

run "probe without device state" 1 "$devstate" probe --socket "$folder/bad"
says "probe without device state" "cannot migrate"
says "probe without device state" "VHOST_USER_PROTOCOL_F_DEVICE_STATE (protocol feature bit 19) is not offered"
says "probe without device state" "does not support migration through qemu"
says "probe without device state" "Remedy: "
run "JSON without device state" 1 "$devstate" probe --format json \
  --socket "$folder/bad"
says "JSON without device state" '"can_migrate":false'

# A save before and one after: the device is where it was.
run "save before" 0 "$devstate" save --socket "$folder/good" -o "$folder/1"
run "probe between" 0 "$devstate" probe --queues --socket "$folder/good"
run "save after" 0 "$devstate" save --socket "$folder/good" -o "$folder/2"
cmp -s "$folder/1" "$folder/2" || fail "probe changed the state"

run "nobody there" 2 "$devstate" probe --socket "$folder/nowhere"
says "nobody there" "$folder/nowhere"
one_line "nobody there"
coproc python3 -u -c "
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind('$folder/mute')
listener.listen()
print('listening')
sys.stdin.read()"
read -r -u "${COPROC[0]}"
run "nobody answers" 2 "$devstate" probe --timeout 0.2 --socket "$folder/mute"
says "nobody answers" "--timeout"
one_line "nobody answers"
run "no socket" 2 "$devstate" probe

stop_backends
[ "$failures" = 0 ] || exit 1
echo "all held"
