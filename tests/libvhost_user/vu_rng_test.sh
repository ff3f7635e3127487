#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# A device on QEMU's libvhost-user, whose source is the machine's: it migrates, and
# keeps the rules but for the one that the library breaks.

. tests/cli/command_test_lib.sh

source=${LIBVHOST_USER:-/opt/devstate/libvhost-user}
if [ ! -f "$source/version" ]; then
  reason="no source of libvhost-user in $source; tests/libvhost_user/install.sh fetches it"
  # A continuous build must not pass because nothing ran.
  [ "${CI:-}" != true ] || { echo "$reason"; exit 1; }
  echo "SKIPPED: $reason"
  exit 0
fi
if ! command -v cc >/dev/null; then
  echo "no C compiler"
  exit 1
fi
echo "libvhost-user of QEMU $(cat "$source/version")"

mkdir "$folder/include"
ln -s "$PWD/backend/c" "$folder/include/devstate"
here=$PWD/tests/libvhost_user
# The library is not ours to warn about.
cc -std=gnu99 -D_GNU_SOURCE -O2 -w -fPIC -c -I "$source/subprojects/libvhost-user" \
  "$source/subprojects/libvhost-user/libvhost-user.c" -o "$folder/library.o" &&
cc -std=gnu99 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -fPIC -shared \
  -isystem "$source/subprojects/libvhost-user" -I "$folder/include" -I "$here" \
  "$here/vu_rng.c" "$folder/library.o" -o "$folder/vu_rng.so" || exit 1

rng() {
  exec "$here/host" "$folder/vu_rng.so" "$@"
}

start_backend source rng 4711
start_backend destination rng
run "migrate" 0 "$devstate" migrate --from "$folder/source" \
  --to "$folder/destination"
run "save" 0 "$devstate" save --socket "$folder/destination" -o "$folder/state"
run "dump" 0 "$devstate" dump "$folder/state"
says "dump" '4711'
says "dump" '13'
kill "${pids[@]}"

# B2: libvhost-user itself notifies the guest at SET_VRING_CALL.
run "conformance" 1 "$devstate" conformance --start \
  "$here/host $folder/vu_rng.so --socket-path={socket} 4711"
says "conformance" "16 passed, 1 failed"
grep -q '^B2  *FAIL' "$folder/out" || fail "another case than B2 fails"

[ "$failures" = 0 ] || exit 1
echo "all held"
