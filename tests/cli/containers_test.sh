#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The files that operators have around a state: libvirt's save images, volumes,
# compressed files, snapshots, and files of other kinds, which are named.

. tests/cli/command_test_lib.sh
qemu=$PWD/foreign/containers/qemu/testdata
snapshots=$PWD/foreign/containers/snapshot/testdata
states=$PWD/foreign/states/virtiofsd/testdata
fs=$PWD/proto/devices/fs/v1/fs.proto
first=0000:00:01.0/vhost-user-fs
second=0000:00:07.0/vhost-user-fs
blk=0000:00:02.0/vhost-user-blk
cd "$folder" || exit 1

# same NAME FILE FILE
same() {
  cmp "$2" "$3" > "$folder/out" 2>&1 || fail "$1: the files differ"
}

# libvirt IN OUT KIND: IN as the stream of a save image of compression KIND.
libvirt() {
  python3 - "$@" << 'END'
import struct, sys
xml = b"<domain type='kvm'/>\0".ljust(4096 - 92, b'\0')
with open(sys.argv[1], 'rb') as stream, open(sys.argv[2], 'wb') as out:
    out.write(b'LibvirtQemudSave' +
              struct.pack('<5I', 2, len(xml), 1, int(sys.argv[3]), 0) +
              bytes(56) + xml + stream.read())
END
}

# A migration file with a state of virtiofsd.
run "inject" 0 "$devstate" qemu inject "$qemu/two-devices-q35.mig" \
  --device $first "$states/open-fp.state" -o vm.mig
"$devstate" qemu extract vm.mig --device $first -o state 2> /dev/null
same "extract" state "$states/open-fp.state"

# --- Wherever the stream is, its states are found and read ---

gzip -c vm.mig > vm.mig.gz
zstd -qf vm.mig -o vm.mig.zst
libvirt vm.mig raw.save 0
libvirt vm.mig.gz gzip.save 1
libvirt vm.mig.zst zstd.save 5
zstd -qf raw.save -o raw.save.zst
cp vm.mig volume
truncate -s +1M volume
(cat vm.mig; head -c 70000 /dev/zero) > padded
for file in vm.mig vm.mig.gz vm.mig.zst raw.save gzip.save zstd.save \
  raw.save.zst volume padded; do
  run "list of $file" 0 "$devstate" qemu list "$file"
  says "list of $file" "92 bytes  virtiofsd"
  says "list of $file" "70001 bytes  opaque"
  run "extract of $file" 0 "$devstate" qemu extract "$file" --device $first \
    -o "extracted"
  same "extract of $file" extracted state
  run "info of $file" 0 "$devstate" info "$file" --device $first
  says "info of $file" "virtiofsd V2"
  run "check of $file" 0 "$devstate" check "$file" --device $first --reader "$fs"
  run "dump of $file" 0 "$devstate" dump "$file" --device $first
  says "dump of $file" "log.txt"
  run "verify of $file" 0 "$devstate" verify "$file" --device $first
done
# Offsets are those in the file.
"$devstate" qemu list vm.mig --format json > plain.json
"$devstate" qemu list raw.save --format json > raw.json
python3 - << 'END' || fail "offsets in a libvirt image"
import json
plain, raw = (json.load(open(name))['devices'] for name in
              ('plain.json', 'raw.json'))
assert [d['offset'] + 4096 for d in plain] == [d['offset'] for d in raw]
assert plain[0]['id'] == '0000:00:01.0/vhost-user-fs', plain
END

# --- A state may be compressed by itself ---

for file in state.gz state.zst; do
  [ $file = state.gz ] && gzip -c state > $file || zstd -qf state -o $file
  run "info of $file" 0 "$devstate" info $file
  says "info of $file" "bytes           92"
  run "diff with $file" 0 "$devstate" diff $file state
  run "convert of $file" 0 "$devstate" convert $file --to devices.fs.v1 -o x
  run "info of $file in a pipe" 0 sh -c "'$devstate' info - < $file"
  head -c 40 $file > cut
  run "info of $file, cut off" 3 "$devstate" info cut
  one_line "info of $file, cut off"
  run "extract of $file" 2 "$devstate" qemu extract $file -o x
done

# --- What cannot be changed is not, and what can comes back ---

run "inject into a libvirt image" 0 "$devstate" qemu inject raw.save \
  --device $first state -o same.save
same "inject into a libvirt image" same.save raw.save
run "inject into a volume" 0 "$devstate" qemu inject volume --device $first \
  "$states/neverinit-fp.state" -o other
run "list of the other volume" 0 "$devstate" qemu list other
says "list of the other volume" "10 bytes  virtiofsd"
run "inject into a compressed file" 2 "$devstate" qemu inject vm.mig.zst \
  --device $first state -o other
says "inject into a compressed file" "decompress it first"
one_line "inject into a compressed file"

# --- Other kinds are named, with the way on ---

libvirt vm.mig xz.save 3
printf '\xfd7zXZ\0' > xz
printf '\x04\x22\x4d\x18' > lz4
printf 'QFI\xfb\0\0\0\3' > qcow2
printf '\x7fELF\2' > elf
printf 'KDUMP   ' > kdump
printf 'LibvirtQemudPart' > part
while read -r file text; do
  for verb in "qemu list" info verify dump; do
    # shellcheck disable=SC2086 # Words of their own.
    run "$verb of $file" 2 "$devstate" $verb "$file"
    says "$verb of $file" "$text"
    one_line "$verb of $file"
  done
done << 'END'
xz.save tail -c +4097 FILE | xz -dc > vm.mig
xz xz -dc
lz4 lz4 -dc
qcow2 -loadvm
elf virsh save
kdump virsh save
part never finished
END

# --- A larger volume ---

for file in vm.mig raw.save; do
  (cat $file; echo something else) > larger
  run "list of a larger volume" 3 "$devstate" qemu list larger
  says "list of a larger volume" \
    "head -c $(stat -c %s $file) FILE | devstate VERB -"
  one_line "list of a larger volume"
  run "info of what is before" 0 sh -c "head -c $(stat -c %s $file) larger |
    '$devstate' info - --device $first"
  says "info of what is before" "virtiofsd V2"
done
run "diff in a pipe" 0 sh -c "cat vm.mig | '$devstate' diff - state --device $first"
run "convert in a pipe" 0 sh -c "cat vm.mig |
  '$devstate' convert - --device $first --to devices.fs.v1 -o - |
  '$devstate' convert - --to virtiofsd -o - | cmp - state"
for file in vm.mig.gz vm.mig.zst gzip.save; do
  run "list of $file in a pipe" 0 sh -c "cat $file | '$devstate' qemu list -"
  says "list of $file in a pipe" "92 bytes  virtiofsd"
done

# --- Requests in flight ---

run "list of requests" 0 "$devstate" qemu list "$qemu/blk-on-started.mig.zst"
says "list of requests" "$blk"
says "list of requests" "2112 bytes  inflight"
run "requests" 0 "$devstate" qemu inflight "$qemu/blk-on-started.mig.zst"
says "requests" "1 queues of 128, split"
run "requests as JSON" 0 "$devstate" qemu inflight \
  "$qemu/blk-on-started.mig.zst" --device $blk --format json
cp out requests.json
python3 - << 'END' || fail "requests as JSON: not as expected"
import json
[region] = json.load(open('requests.json'))['inflight']
assert region['loadable'] and region['remedy'] == '', region
assert region['rings'] == 'split' and region['queue_size'] == 128
[queue] = region['queues']
assert len(queue['requests']) == region['requests'], region
counters = [request['counter'] for request in queue['requests']]
assert counters and counters == sorted(counters), counters
END
run "requests of a disk that was never started" 1 "$devstate" qemu inflight \
  "$qemu/blk-on-unstarted.mig.zst"
says "requests of a disk that was never started" "inflight-migration=off"
run "list of a disk that was never started" 0 "$devstate" qemu list \
  "$qemu/blk-on-unstarted.mig.zst"
says "list of a disk that was never started" "failed to allocate shared memory"
run "requests of another file" 2 "$devstate" qemu inflight vm.mig
one_line "requests of another file"

# --- Snapshots of cloud-hypervisor and crosvm ---

snapshot=$snapshots/cloud-hypervisor.json
run "list of a snapshot" 0 "$devstate" qemu list "$snapshot"
says "list of a snapshot" "device-manager/_fs0"
says "list of a snapshot" "92 bytes  virtiofsd"
run "list of a snapshot as JSON" 0 "$devstate" qemu list "$snapshot" \
  --format json
says "list of a snapshot as JSON" '"id": "device-manager/_fs0"'
run "extract of a snapshot" 0 "$devstate" qemu extract "$snapshot" \
  -o extracted
same "extract of a snapshot" extracted state
run "dump of a snapshot" 0 "$devstate" dump "$snapshot"
says "dump of a snapshot" "log.txt"
run "info of a snapshot" 0 "$devstate" info "$snapshot"
says "info of a snapshot" "of device       device-manager/_fs0"
run "info of a snapshot in a pipe" 0 sh -c "cat '$snapshot' | '$devstate' info -"
run "dump of crosvm's snapshot" 0 "$devstate" dump "$snapshots/crosvm.cbor"
says "dump of crosvm's snapshot" '"avail_features": 5368709120'
run "list of crosvm's snapshot" 0 "$devstate" qemu list \
  "$snapshots/crosvm.cbor"
says "list of crosvm's snapshot" "87 bytes  crosvm"
run "inject into a snapshot" 2 "$devstate" qemu inject "$snapshot" state -o x
one_line "inject into a snapshot"
echo '{"a": 1}' > other.json
run "info of other JSON" 2 "$devstate" info other.json
says "info of other JSON" "without a back-end's state"
one_line "info of other JSON"

[ "$failures" = 0 ] || exit 1
echo "all held"
