#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# States of passt and crosvm, states that virtiofsd lost, and zeros: what each
# verb says about them. Whether a directory has the files of a state.

. tests/cli/command_test_lib.sh
passt=$PWD/foreign/states/passt/testdata
crosvm=$PWD/foreign/states/crosvm/testdata
virtiofsd=$PWD/foreign/states/virtiofsd/testdata
cd "$folder" || exit 1

# --- passt ---

run "info" 0 "$devstate" info "$passt/one-flow.state"
says "info" "foreign format  passt 2"
says "info" "converts to     foreign.passt.v1"
says "info" "flows           1"
says "info" "queued_bytes    10"
run "verify" 0 "$devstate" verify "$passt/one-flow.state"
says "verify" "whole: a state of passt 2, 1 records, 236 bytes"
run "verify of version 1" 0 "$devstate" verify "$passt/version-1.state"
says "verify of version 1" "[foreign-version] version 1 is what passt wrote"
run "dump" 0 "$devstate" dump "$passt/one-flow.state"
says "dump" 'initiator_endpoint_address: "192.0.2.2"'
says "dump" "target_own_port: 45678"
says "dump" "receive_queue: 10"
says "dump" "<redacted 10 bytes>"
run "dump of the queue" 0 "$devstate" dump --show-sensitive \
  "$passt/one-flow.state"
says "dump of the queue" 'data: "RCVQ-defgh"'
run "diff" 1 "$devstate" diff "$passt/one-flow.state" "$passt/version-1.state"
says "diff" "version: 2 -> 1"
run "diff of flows" 1 "$devstate" diff "$passt/no-flow.state" \
  "$passt/one-flow.state"
says "diff of flows" 'initiator_endpoint_address="192.0.2.2",initiator_endpoint_port=4444]'
run "stats" 0 "$devstate" stats "$passt/one-flow.state"
run "convert" 0 "$devstate" convert "$passt/one-flow.state" \
  --to foreign.passt.v1 -o passt.dstate
run "verify of the portable one" 0 "$devstate" verify --deep passt.dstate
run "convert back" 2 "$devstate" convert passt.dstate --to passt -o none
run "lost flow" 0 "$devstate" verify "$passt/lost-flow.state"
says "lost flow" "[foreign-flow-lost] flow 1 at offset 0xae"
head -c 100 "$passt/one-flow.state" > cut
run "cut" 3 "$devstate" verify cut
says "cut" "cut:0x64: flow 1 of 1: the state ends within its record"
{ head -c 139 "$passt/one-flow.state"; printf '\0';
  tail -c +141 "$passt/one-flow.state"; } > wrong
run "wrong" 1 "$devstate" verify wrong
says "wrong" "refused [foreign-flow] flow 0 at offset 0x3e"
says "wrong" ": save again, the state was changed on its way"

# --- crosvm ---

run "info of crosvm" 0 "$devstate" info "$crosvm/block.state"
says "info of crosvm" "foreign format  crosvm block"
says "info of crosvm" "converts to     devices.blk.v1"
says "info of crosvm" "acked_features  5368709120"
run "info of a device that does not convert" 0 "$devstate" info \
  "$crosvm/gpu.state"
says "info of a device that does not convert" "converts to     -"
run "dump of crosvm" 0 "$devstate" dump "$crosvm/console.state"
says "dump of crosvm" '"input_buffer": [104, 105, 255]'
python3 -m json.tool out > json || fail "dump of crosvm: no JSON"
run "verify of crosvm" 0 "$devstate" verify "$crosvm/gpu.state"
for verb in stats decode "diff $crosvm/gpu.state"; do
  # shellcheck disable=SC2086 # Words of their own.
  run "$verb of crosvm" 2 "$devstate" $verb "$crosvm/block.state"
  says "$verb of crosvm" "devstate dump shows it"
  one_line "$verb of crosvm"
done
run "convert of crosvm" 2 "$devstate" convert "$crosvm/block.state" \
  --to devices.fs.v1 -o none
says "convert of crosvm" "no conversion from crosvm"
run "convert of a disk" 1 "$devstate" convert "$crosvm/block.state" \
  --to devices.blk.v1 -o none
says "convert of a disk" "refused [foreign-device] config.capacity: crosvm does not save it"
[ ! -e none ] || fail "convert of a disk: a file is left"
run "convert with the size" 0 "$devstate" convert "$crosvm/block.state" \
  --to devices.blk.v1 --add 'config { capacity: 2048 }' -o blk.dstate
says "convert with the size" "crosvm block, to devices.blk.v1"
run "dump of the disk" 0 "$devstate" dump blk.dstate
says "dump of the disk" "capacity: 2048"
run "convert with no text" 2 "$devstate" convert "$crosvm/block.state" \
  --to devices.blk.v1 --add 'config { size: 1 }' -o none
says "convert with no text" "devstate: --add: line 1, column"
one_line "convert with no text"
run "convert of a console" 0 "$devstate" convert \
  "$crosvm/console-snapshot.state" --from crosvm --to devices.console.v1 \
  -o console.dstate
run "verify of the console" 0 "$devstate" verify --deep console.dstate
run "convert to another type" 1 "$devstate" convert "$crosvm/snd.state" \
  --to devices.net.v1 -o none
says "convert to another type" "a state of crosvm's snd, which converts to devices.snd.v1"
run "convert of what converts whole" 2 "$devstate" convert \
  "$passt/one-flow.state" --to foreign.passt.v1 --add 'version: 2' -o none
says "convert of what converts whole" "--add is not for passt"

# --- What virtiofsd 1.11 makes of a VM that was stopped before ---

printf '\0\3\1\2\2\0\2\1\2\0\3\1\2\0\4\0\0\0\1\0\1' > stopped
run "verify of a lost root" 1 "$devstate" verify stopped
says "verify of a lost root" "[foreign-root] inode 1 at offset 0x2: the source has lost every file"
says "verify of a lost root" "VHOST_F_LOG_ALL"
[ "$(wc -l < out)" = 1 ] || fail "verify of a lost root: more than one line"
run "info of a lost root" 1 "$devstate" info stopped
says "info of a lost root" "virtiofsd V1"

# --- Zeros are no state ---

for size in 1 2 9 64 1000 100000; do
  head -c $size /dev/zero > zeros
  run "info of $size zeros" 3 "$devstate" info zeros
  says "info of $size zeros" "not a devstate stream"
  one_line "info of $size zeros"
done

# --- Findings that repeat are one line ---

python3 - << 'END'
def number(value):
    out = b''
    while value > 0x7f:
        out, value = out + bytes([value & 0x7f | 0x80]), value >> 7
    return out + bytes([value])
# 5001 files that the source has lost.
inodes = b'\1\1\0\0' + b''.join(number(i) + b'\1\2\0' for i in range(2, 5003))
open('lost', 'wb').write(b'\1' + number(5002) + inodes + number(5003) +
                         b'\0\0\0\1\0\1\0')
END
run "verify of lost files" 0 "$devstate" verify lost
says "verify of lost files" \
  "[foreign-lost] 5001 inodes (2, 3, 4, …): the source lost the file"
[ "$(wc -l < out)" = 2 ] || fail "verify of lost files: more than two lines"
run "verify of lost files as JSON" 0 "$devstate" verify --format json lost
[ "$(grep -o '"rule":"foreign-lost"' out | wc -l)" = 5001 ] ||
  fail "verify of lost files as JSON: not all of them"

# --- Would it load there? ---

mkdir -p tree
"$devstate" decode "$virtiofsd/open-fp.state" --format json -o open.json
python3 - << 'END'
import json, os
state = json.load(open('open.json'))
paths = {}
for inode in state['inodes']:
    if 'root' in inode:
        paths[inode['id']] = 'tree'
    else:
        paths[inode['id']] = (paths[inode['path']['parent']] + '/' +
                              inode['path']['name'])
parents = {inode['path']['parent'] for inode in state['inodes'] if 'path' in inode}
for number, path in paths.items():
    if number in parents:
        os.makedirs(path, exist_ok=True)
    elif not os.path.exists(path):
        open(path, 'w').close()
END
state=$virtiofsd/open-fp.state
run "tree" 0 "$devstate" check "$state" --tree tree
says "tree" "tree: compatible"
"$devstate" convert "$state" --to devices.fs.v1 -o portable 2> /dev/null
run "tree of a stream" 0 "$devstate" check portable --tree tree
gone=$(find tree -name log.txt)
rm "$gone"
for file in "$state" portable; do
  run "tree without a file" 1 "$devstate" check "$file" --tree tree
  says "tree without a file" "[foreign-no-file] \"${gone#tree/}\" -> nothing: there is no such file"
done
mkdir "$gone"
run "tree with a directory" 0 "$devstate" check "$state" --tree tree
rm -r tree/*
run "empty tree" 1 "$devstate" check "$state" --tree tree
says "empty tree" "6 inodes (2, 3, 4, …) [foreign-no-file]"
run "empty tree as JSON" 1 "$devstate" check "$state" --tree tree --format json
[ "$(grep -o '"rule":"foreign-no-file"' out | wc -l)" = 6 ] ||
  fail "empty tree as JSON: not all of them"
run "no tree" 2 "$devstate" check "$state" --tree none
says "no tree" "none: cannot open the directory"
one_line "no tree"
run "tree of another schema" 2 "$devstate" check passt.dstate --tree tree
one_line "tree of another schema"
run "tree that is none" 2 "$devstate" check "$state" --tree nowhere
says "tree that is none" "devstate: nowhere: cannot open the directory"
run "tree and reader" 2 "$devstate" check "$state" --tree tree --reader x
run "tree in a pipe" 1 sh -c "cat '$state' | '$devstate' check - --tree tree"

[ "$failures" = 0 ] || exit 1
echo "all held"
