#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Every verb that reads a state takes one of virtiofsd: as a file, through a pipe
# and out of a QEMU migration file.

. tests/cli/command_test_lib.sh
states=$PWD/foreign/states/virtiofsd/testdata
state=$states/open-fp.state
qemu=$PWD/foreign/containers/qemu/testdata
vm=$qemu/virtiofsd-neverinit-q35.mig
device=0000:00:01.0/vhost-user-fs
fs=$PWD/proto/devices/fs/v1/fs.proto
cd "$folder" || exit 1

# same NAME FILE FILE
same() {
  cmp "$2" "$3" > "$folder/out" 2>&1 || fail "$1: the files differ"
}

run "convert" 0 "$devstate" convert "$state" --to devices.fs.v1 -o portable
# Two devices, each with a state of virtiofsd of its own.
first=0000:00:01.0/vhost-user-fs
second=0000:00:07.0/vhost-user-fs
run "inject" 0 "$devstate" qemu inject "$qemu/two-devices-q35.mig" \
  --device $first "$state" -o half.mig
run "inject" 0 "$devstate" qemu inject half.mig --device $second \
  "$states/open-fp-verifyhandles.state" -o two.mig

run "list" 0 "$devstate" qemu list "$vm"
says "list" "10 bytes  virtiofsd at 0x6b644"
run "list of opaque states" 0 "$devstate" qemu list \
  "$qemu/two-devices-q35.mig"
says "list of opaque states" "opaque"
run "list as JSON" 0 "$devstate" qemu list --format json two.mig
[ "$(grep -c '"kind": "virtiofsd"' out)" = 2 ] || fail "list as JSON"

run "info" 0 "$devstate" info "$state"
says "info" "foreign format  virtiofsd V2"
says "info" "converts to     devices.fs.v1"
says "info" "bytes           92"
says "info" "inodes          7"
says "info" "handles         3"
says "info" "next_inode      8"
says "info" "next_handle     10"
run "info of a device" 0 "$devstate" info "$vm"
says "info of a device" "QEMU device     $device, at 0x6b644"
says "info of a device" "inodes          0"
run "info as JSON" 0 "$devstate" info --format json "$state"
python3 - << 'END_OF_CHECK' || fail "info as JSON: not as expected"
import json
info = json.load(open('out'))
assert info == {'foreign_format': 'virtiofsd', 'version': 'V2',
                'converts_to': 'devices.fs.v1', 'bytes': 92, 'inodes': 7,
                'handles': 3, 'mount_paths': 0, 'next_inode': 8,
                'next_handle': 10}, info
END_OF_CHECK

run "dump" 0 "$devstate" dump "$state"
says "dump" '# imported from: "virtiofsd V2"'
says "dump" 'name: "log.txt"'
run "dump as JSON" 0 "$devstate" dump --format json "$state"
cp out dumped
"$devstate" dump --format json portable > from-stream
same "dump as JSON" dumped from-stream
run "dump of a device" 0 "$devstate" dump two.mig --device $second
says "dump of a device" "verification_handle {"
run "dump --annotate" 0 "$devstate" dump --annotate "$state"
says "dump --annotate" "InodeColumns"
run "decode" 0 "$devstate" decode "$state" --format text -o decoded
"$devstate" decode portable --format text -o from-stream
same "decode" decoded from-stream
run "decode of a device" 0 "$devstate" decode two.mig --device $first \
  --format text -o decoded
same "decode of a device" decoded from-stream
run "stats" 0 "$devstate" stats "$state"
says "stats" "10 records"
run "stats of a device" 0 "$devstate" stats two.mig --device $first
says "stats of a device" "path.name"
run "verify of a device" 0 "$devstate" verify two.mig --device $second
says "verify of a device" "two.mig (state of $second at 0x"
says "verify of a device" "whole: a state of virtiofsd V2, 10 records"

run "check" 0 "$devstate" check "$state" --reader "$fs"
says "check" "identical"
run "check of a device" 0 "$devstate" check two.mig --device $first \
  --reader "$fs"
says "check of a device" "identical"
cat > other.proto << 'END_OF_PROTO'
syntax = "proto3";
package devices.fs.v1;
import "devstate/options.proto";
message FsState {
  option (devstate.message) = {
    schema: "devices.fs.v1" version: 1 device: "virtio-fs"
  };
  uint64 next_inode = 2;
}
END_OF_PROTO
run "check with another reader" 1 "$devstate" check "$state" \
  --reader other.proto
says "check with another reader" "inodes"

run "diff" 0 "$devstate" diff "$state" portable
[ ! -s out ] || fail "diff: says something"
run "diff the other way" 0 "$devstate" diff portable "$state"
run "diff of two foreign states" 1 "$devstate" diff "$state" \
  "$states/open-fp-verifyhandles.state"
says "diff of two foreign states" \
  "~ inodes[id=1].verification_handle: absent -> present"
run "diff of two devices" 1 "$devstate" diff two.mig two.mig \
  --device-a $first --device-b $second
says "diff of two devices" "verification_handle"
run "diff of a device" 0 "$devstate" diff two.mig portable --device $first

for verb in "info" "dump" "stats" "decode" "verify" "check --reader $fs" \
  "diff $state"; do
  # shellcheck disable=SC2086 # Words of their own.
  run "$verb in a pipe" 0 sh -c 'cat "$0" | "$@" -' "$state" "$devstate" $verb
done
run "diff of one pipe with itself" 2 "$devstate" diff - -
one_line "diff of one pipe with itself"

# --- What is wrong is said with file, device and offset ---

head -c 50 "$state" > cut
# Inode 2's refcount 5 becomes 0.
{ head -c 7 "$state"; printf '\0'; tail -c +9 "$state"; } > zero
for bad in cut zero; do
  run "inject of $bad" 0 "$devstate" qemu inject "$vm" $bad -o $bad.mig
done
run "list of a refused state" 0 "$devstate" qemu list zero.mig
says "list of a refused state" "virtiofsd"
run "list of a cut state" 0 "$devstate" qemu list cut.mig
says "list of a cut state" "opaque"
for verb in "info" "dump" "stats" "decode" "verify" "diff $state" \
  "convert --to devices.fs.v1 -o none"; do
  # 1 says of diff that the states differ.
  refused=1
  [[ $verb == diff* ]] && refused=2
  for where in "" ".mig"; do
    name="$verb of a state that is cut off$where"
    # shellcheck disable=SC2086
    run "$name" 3 "$devstate" $verb cut$where
    place="cut$where${where:+ (state of $device at 0x6b644)}"
    says "$name" "devstate: $place:0x32: inode 6 of 7: the state ends"
    one_line "$name"
    name="$verb of a state that is refused$where"
    # shellcheck disable=SC2086
    run "$name" $refused "$devstate" $verb zero$where
    place="zero$where${where:+ (state of $device at 0x6b644)}"
    says "$name" "$place: refused [foreign-refcount] inode 2 at offset 0x6"
  done
done
[ -e none ] && fail "a refused conversion left a file"

# What is wrong with a foreign state is a finding of the report.
for where in "" ".mig"; do
  run "check of a refused state$where" 1 \
    "$devstate" check "zero$where" --reader "$fs" --format json
  python3 - "$folder/out" <<'END' || fail "check of a refused state$where"
import json, sys
direction = json.load(open(sys.argv[1]))['directions'][0]
assert direction['verdict'] == 'refused', direction
finding = direction['findings'][0]
assert finding['rule'] == 'foreign-refcount', finding
assert finding['path'] == 'inode 2 at offset 0x6', finding
END
  run "check of a cut state$where" 3 "$devstate" check "cut$where" --reader "$fs"
  says "check of a cut state$where" "0x32: inode 6 of 7: the state ends"
done

# Nobody is asked for room that is not there.
run "no room" 2 env TMPDIR="$folder/nowhere" "$devstate" dump "$state"
says "no room" "\$TMPDIR"
one_line "no room"

[ "$failures" = 0 ] || exit 1
echo "all held"
