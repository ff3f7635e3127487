#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# devstate convert and qemu list on devices that QEMU emulates.

. tests/cli/command_test_lib.sh
file=$PWD/foreign/states/qemu/testdata/linux-guest.mig.zst
display=$PWD/foreign/states/qemu/testdata/linux-gpu-mem.mig.zst
other=$PWD/foreign/containers/qemu/testdata/two-devices-q35.mig
v1=$PWD/tests/golden/net_v1_reset.dstate
net=0000:00:01.0/virtio-net
cd "$folder" || exit 1
zstd -qdf "$file" -o vm.mig

convert() {
  run "$1" "$2" "$devstate" convert "${@:3}"
}

run "list" 0 "$devstate" qemu list "$file"
says "list" "46208 bytes  emulated"
# The printed command works.
command=$(grep -e "--to devices.net.v1" out | sed 's/FILE$/net.dstate/')
run "the command of list" 0 sh -c "${command/devstate/\'$devstate\'}"
says "the command of list" "to devices.net.v1"
run "list as JSON" 0 "$devstate" qemu list --format json "$file"
python3 - << 'END' || fail "list as JSON: not as expected"
import json
emulated = json.load(open('out'))['emulated']
assert [e['schema'] for e in emulated] == [
    'devices.%s.v1' % name
    for name in ('net', 'console', 'balloon', 'input', 'blk')], emulated
assert all(e['convertible'] and e['remedy'] == '' for e in emulated), emulated
END

# The only device of a schema needs no name.
for type in console balloon input blk; do
  convert "$type" 0 "$file" --from qemu --to devices.$type.v1 -o $type.dstate
  run "verify of $type" 0 "$devstate" verify $type.dstate
done
convert "balloon" 0 "$file" --from qemu --to devices.balloon.v1 -o balloon.dstate
says "balloon" "lossy [foreign-dropped]"

# QEMU sends a part of virtio-mem before guest memory.
for type in gpu mem; do
  convert "$type" 0 "$display" --from qemu --to devices.$type.v1 \
    -o $type.dstate
  run "verify of $type" 0 "$devstate" verify --deep $type.dstate
done
run "dump of mem" 0 "$devstate" dump mem.dstate
says "dump of mem" "plugged_size: 67108864"
zstd -qdf "$display" -o display.mig
# With pages between the blocks of memory, their list says more.
python3 - << 'END'
bytes = bytearray(open('display.mig', 'rb').read())
# The length of the first block.
bytes[bytes.index(b'/m0') + 5] ^= 1
open('mapped.mig', 'wb').write(bytes)
END
convert "mem of another layout" 2 mapped.mig --from qemu \
  --to devices.mem.v1 -o none
says "mem of another layout" "before guest memory"
convert "gpu of another layout" 0 mapped.mig --from qemu \
  --to devices.gpu.v1 -o gpu.dstate
run "list of another layout" 0 "$devstate" qemu list mapped.mig
says "list of another layout" "save it without them"

convert "no such device" 2 "$file" --from qemu --device none \
  --to devices.net.v1 -o none
says "no such device" "there is: $net"
convert "no such type" 2 "$file" --from qemu --to devices.fs.v1 -o none
says "no such type" "no device in this file whose state converts"
convert "a file without such devices" 2 "$other" --from qemu \
  --to devices.net.v1 -o none
convert "no migration file" 2 net.dstate --from qemu --to devices.net.v1 -o none

# --- Back into a file ---

convert "back" 0 console.dstate --to qemu --template vm.mig -o back.mig
cmp vm.mig back.mig || fail "back: the files differ"
convert "back of net" 0 net.dstate --to qemu --template vm.mig --device $net \
  -o back.mig
convert "net again" 0 back.mig --from qemu --to devices.net.v1 -o again.dstate
run "diff" 0 "$devstate" diff net.dstate again.dstate
convert "back without a file" 2 net.dstate --to qemu -o none
says "back without a file" "needs --template"
convert "back into a compressed file" 2 net.dstate --to qemu \
  --template "$file" -o none
says "back into a compressed file" "$file: a state cannot be replaced"
convert "back of what is not written" 2 blk.dstate --to qemu --template vm.mig \
  -o none
says "back of what is not written" "do not convert to QEMU"
convert "a template for nothing" 2 "$file" --from qemu --to devices.net.v1 \
  --template vm.mig -o none
convert "qemu to qemu" 2 vm.mig --from qemu --to qemu --template vm.mig -o none

# --- For a back-end ---

run "inject" 0 "$devstate" qemu inject vm.mig --device $net net.dstate \
  -o backend.mig
says "inject" "added a state to $net"
run "list of what was added" 0 "$devstate" qemu list backend.mig
says "list of what was added" "  devstate "
run "extract of what was added" 0 "$devstate" qemu extract backend.mig \
  --device $net -o added
cmp net.dstate added || fail "extract of what was added: the files differ"
convert "a back-end's state" 2 backend.mig --from qemu --to devices.net.v1 \
  -o none

# --- Commands ---

convert "commands" 0 net.dstate --to control-queue -o commands
says "commands" "left out: the positions of the rings"
head -n 3 commands > first
printf '%s\n' \
  "1 1 VIRTIO_NET_CTRL_MAC_ADDR_SET 020000000001" \
  "1 0 VIRTIO_NET_CTRL_MAC_TABLE_SET 010000000200000000770500000033330000000101005e0000013333ff0000010180c20000213333ff000077" \
  "0 0 VIRTIO_NET_CTRL_RX_PROMISC 00" | cmp - first || fail "commands: not as expected"
grep -q "2 0 VIRTIO_NET_CTRL_VLAN_ADD a00f" commands || fail "commands: no VLAN"

# A state of version 1 without a receive mode leaves the device promiscuous.
convert "commands of version 1" 0 "$v1" --to control-queue -o commands
grep -q RX_PROMISC commands && fail "commands of version 1: not promiscuous"
grep -q "2 0 VIRTIO_NET_CTRL_VLAN_ADD\|4 0 VIRTIO_NET_CTRL_MQ" commands ||
  fail "commands of version 1: none"
convert "commands of another type" 1 blk.dstate --to control-queue -o none
convert "commands with --from" 2 net.dstate --from qemu --to control-queue \
  -o none
says "commands with --from" "convert to that first"
[ -e none ] && fail "an error left a file"
[ "$failures" = 0 ] || exit 1
echo "all held"
