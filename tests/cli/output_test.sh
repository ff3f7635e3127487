#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Outputs: no input is lost, nobody else's file is touched, an error names the
# output, and an answer that did not arrive is an error.

. tests/cli/command_test_lib.sh
testdata=$PWD/foreign/containers/qemu/testdata
golden=$PWD/tests/golden
fs=$PWD/proto/devices/fs/v1/released/1/fs.proto
cd "$folder" || exit 1
cp "$golden/fs_v1.dstate" s.dstate
cp "$testdata/fs-5136-bytes-q35.mig" vm.mig

# --- No input is lost ---

cp s.dstate copy.dstate
ln copy.dstate hard.dstate
ln -s copy.dstate soft.dstate
for output in copy.dstate ./copy.dstate hard.dstate soft.dstate; do
  run "decode onto $output" 2 "$devstate" decode copy.dstate -o $output
  one_line "decode onto $output"
  says "decode onto $output" "devstate: $output: is an input, too"
done
cmp -s s.dstate copy.dstate || fail "decode: the input has changed"
run convert-onto 2 "$devstate" convert copy.dstate --to virtiofsd -o copy.dstate
run extract-onto 2 "$devstate" qemu extract vm.mig -o vm.mig
run decode-stdin-onto 2 bash -c \
  "'$devstate' decode - -o copy.dstate < copy.dstate"
cmp -s s.dstate copy.dstate || fail "convert: the input has changed"

# The new migration file is the old one with another state.
cp vm.mig same.mig
run extract 0 "$devstate" qemu extract vm.mig -o state
run inject-onto 0 "$devstate" qemu inject same.mig state -o same.mig
cmp -s vm.mig same.mig || fail "inject: another file"
run inject-onto-state 2 "$devstate" qemu inject same.mig state -o state

# --- Only the output is touched ---

echo mine > out.json.part
umask 027
run decode 0 "$devstate" decode s.dstate -o out.json
[ "$(cat out.json.part)" = mine ] || fail "decode: somebody's file is gone"
[ "$(stat -c %a out.json)" = 640 ] || fail "decode: not the umask's permissions"
chmod 604 out.json
run decode-again 0 "$devstate" decode s.dstate -o out.json
[ "$(stat -c %a out.json)" = 604 ] || fail "decode: other permissions than before"
mkdir deep
ln -s deep/target.json link.json
for name in "new target" "old target"; do
  run "$name" 0 "$devstate" decode s.dstate -o link.json
  [ -L link.json ] && cmp -s out.json deep/target.json ||
    fail "$name: the link was not followed"
  : > deep/target.json
done
[ -z "$(find . -name '.devstate-*')" ] || fail "an unfinished file is left"

# --- An error about the output is at the output ---

run extract-to-folder 2 "$devstate" qemu extract vm.mig -o deep
says extract-to-folder "devstate: deep: cannot write to it: Is a directory"
run decode-no-folder 2 "$devstate" decode s.dstate -o none/x
says decode-no-folder "devstate: none/x: cannot create it: No such file"
run decode-full 2 "$devstate" decode s.dstate -o /dev/full
says decode-full "devstate: /dev/full: cannot write: No space left on device"
run encode-full 2 "$devstate" encode out.json -o /dev/full \
  --schema "$fs"
says encode-full "devstate: /dev/full: cannot write: No space left on device"

# --- Standard output ---

mkdir released
cat > released/v1.proto << 'END'
syntax = "proto3"; package t; import "devstate/options.proto";
message S { option (devstate.message) = { schema: "t" version: 1 device: "d" };
  uint32 a = 1; }
END
verbs=("info s.dstate" "verify s.dstate" "stats s.dstate --format json"
  "check --old released/v1.proto --new released/v1.proto"
  "lint released/v1.proto --format junit"
  "matrix released" "explain checksum" "explain" "completion bash" "man"
  "dump s.dstate" "dump --annotate s.dstate" "decode s.dstate" "diff s.dstate vm.dstate"
  "qemu list vm.mig" "--help" "--version" "lint --help")
"$devstate" decode s.dstate --format binary -o s.bin
"$devstate" encode s.bin --format binary --instance other -o vm.dstate \
  --schema "$fs"
for verb in "${verbs[@]}"; do
  # A verb that has nothing to say loses nothing.
  # shellcheck disable=SC2086
  [ -n "$("$devstate" $verb 2> /dev/null)" ] || continue
  run "$verb on a full disk" 2 bash -c "exec '$devstate' $verb > /dev/full"
  one_line "$verb on a full disk"
  says "$verb on a full disk" "(stdout): cannot write: No space left on device"
  run "$verb without a reader" 2 python3 -c '
import os, subprocess, sys
read, write = os.pipe()
os.close(read)
sys.exit(subprocess.run(sys.argv[1:], stdout=write).returncode)
' "$devstate" $verb
  says "$verb without a reader" "(stdout): cannot write: Broken pipe"
done

[ "$failures" = 0 ] && echo "all passed"
exit $((failures > 0))
