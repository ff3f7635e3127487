#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs `devstate demo` and the example back-end as a user does.

. tests/cli/command_test_lib.sh
mkdir "$tree/c"
ln -s / "$tree/c/link"

demo() {
  "$devstate" demo --backend "$backend" --tree "${TREE:-$tree}" "$@"
}

for channel in pipe socketpair memfd file; do
  for fd in given own; do
    name="demo through $channel, $fd"
    run "$name" 0 demo --channel "$channel" --fd "$fd"
    says "$name" "identical: state of devices.fs.v1 version"
    says "$name" "lines each, equal"
    says "$name" "damaged: "
    says "$name" "payload checksum mismatch"
    says "$name" "All of it held."
  done
done
for compression in raw zstd zstd:3 automatic; do
  run "demo $compression" 0 demo --compression "$compression"
done

# Without --backend: what was built beside it, what was installed beside it,
# what is in PATH, nothing.
run "demo in an output tree" 0 "$devstate" demo --tree "$tree"
mkdir -p "$folder/bin" "$folder/libexec/devstate" "$folder/path"
cp -L "$devstate" "$folder/bin/devstate"
run "demo without a back-end" 2 env PATH=/bin "$folder/bin/devstate" demo \
  --tree "$tree"
says "demo without a back-end" "$folder/libexec/devstate/fs_backend"
says "demo without a back-end" "--backend PATH"
one_line "demo without a back-end"
cp -L "$backend" "$folder/path/fs_backend"
run "demo with PATH" 0 env PATH="$folder/path:/bin" "$folder/bin/devstate" \
  demo --tree "$tree"
mv "$folder/path/fs_backend" "$folder/libexec/devstate/"
run "demo in an installation" 0 env PATH=/bin "$folder/bin/devstate" demo \
  --tree "$tree"

TREE=$folder/nowhere run "tree that does not exist" 2 demo
says "tree that does not exist" "$folder/nowhere"
run "unknown channel" 2 demo --channel carrier-pigeon
run "unknown compression" 2 demo --compression brotli
says "unknown compression" "expected automatic, raw, zstd or zstd:LEVEL"
run "unknown verb" 2 "$devstate" frobnicate
run "help" 0 "$devstate" demo --help
says "help" "Example:"

run "directory that does not exist" 1 \
  "$backend" --socket-path "$folder/s" --shared-dir "$folder/nowhere"
one_line "directory that does not exist"
says "directory that does not exist" "$folder/nowhere"

mkdir "$folder/undecodable"
touch "$folder/undecodable/$(printf 'bad\xffname')"
run "undecodable name" 1 \
  "$backend" --socket-path "$folder/s" --shared-dir "$folder/undecodable"
one_line "undecodable name"
says "undecodable name" 'bad\xffname'

coproc "$backend" --socket-path "$folder/used" --shared-dir "$tree"
first=$COPROC_PID
while read -r line <&"${COPROC[0]}"; do
  [[ $line == listening* ]] && break
done
run "socket in use" 1 \
  "$backend" --socket-path "$folder/used" --shared-dir "$tree" --await-load
says "socket in use" "$folder/used"
kill "$first"
wait "$first" || fail "back-end does not end well on SIGTERM"

[ "$failures" = 0 ] || exit 1
echo "all held"
