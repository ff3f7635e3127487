#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# devstate qemu, and the verbs that read a state out of a QEMU migration file.

. tests/cli/command_test_lib.sh
data=$PWD/foreign/containers/qemu/testdata
one=$data/fs-5136-bytes-q35.mig
two=$data/two-devices-q35.mig
first=0000:00:01.0/vhost-user-fs
second=0000:00:07.0/vhost-user-fs
stream=$PWD/tests/golden/fs_small.dstate

# same NAME FILE FILE
same() {
  cmp "$2" "$3" > "$folder/out" 2>&1 || fail "$1: the files differ"
}

run "list" 0 "$devstate" qemu list "$two"
says "list" "$first"
says "list" "70001 bytes  opaque"
run "list as JSON" 0 "$devstate" qemu list --format json "$two"
python3 - "$folder/out" << 'END' || fail "list as JSON: not as expected"
import json, sys
devices = json.load(open(sys.argv[1]))['devices']
assert devices[1] == {'device': '0000:00:07.0/vhost-user-fs', 'instance': 0,
                      'id': '0000:00:07.0/vhost-user-fs', 'offset': 0x87a73, 'bytes': 70001, 'kind': 'opaque'}
assert len(devices) == 2
END
run "list of standard input" 0 sh -c "'$devstate' qemu list - < '$one'"
says "list of standard input" "5136 bytes"

run "extract" 0 "$devstate" qemu extract "$one" -o "$folder/state"
same "extract" "$folder/state" "$data/fs-5136-bytes-q35.state"
run "extract of the second device" 0 "$devstate" qemu extract "$two" \
  --device "$second" -o "$folder/state"
same "extract of the second device" "$folder/state" \
  "$data/two-devices-q35.state1"
"$devstate" qemu extract "$two" --device "$first" -o - \
  > "$folder/state" 2> "$folder/out" || fail "extract to standard output"
same "extract to standard output" "$folder/state" \
  "$data/two-devices-q35.state0"
mkfifo "$folder/fifo"
cat "$folder/fifo" > "$folder/state" &
run "extract into a FIFO" 0 "$devstate" qemu extract "$one" -o "$folder/fifo"
wait $!
[ -p "$folder/fifo" ] || fail "extract into a FIFO replaced it"
same "extract into a FIFO" "$folder/state" "$data/fs-5136-bytes-q35.state"
rm "$folder/state"
run "extract of one among two" 2 "$devstate" qemu extract "$two" \
  -o "$folder/state"
says "extract of one among two" "$first, $second"
one_line "extract of one among two"
run "extract of no device" 2 "$devstate" qemu extract "$two" --device x \
  -o "$folder/state"
says "extract of no device" "$first, $second"
one_line "extract of no device"
[ -e "$folder/state" ] && fail "extract of no device left a file"
if command -v script > /dev/null; then
  run "extract to a terminal" 2 script -qec \
    "'$devstate' qemu extract '$one' -o -" /dev/null
  says "extract to a terminal" "not for a terminal"
fi

run "inject of what was there" 0 "$devstate" qemu inject "$two" \
  --device "$first" "$data/two-devices-q35.state0" -o "$folder/same.mig"
same "inject of what was there" "$folder/same.mig" "$two"
run "inject" 0 "$devstate" qemu inject "$two" --device "$second" "$stream" \
  -o "$folder/new.mig"
run "list after inject" 0 "$devstate" qemu list "$folder/new.mig"
says "list after inject" "devstate"
run "extract after inject" 0 "$devstate" qemu extract "$folder/new.mig" \
  --device "$second" -o "$folder/state"
same "extract after inject" "$folder/state" "$stream"
run "extract of the other after inject" 0 "$devstate" qemu extract \
  "$folder/new.mig" --device "$first" -o "$folder/state"
same "extract of the other after inject" "$folder/state" \
  "$data/two-devices-q35.state0"
run "inject through pipes" 0 sh -c "cat '$stream' |
  '$devstate' qemu inject '$two' --device '$second' - -o - |
  cmp - '$folder/new.mig'"
run "inject of nothing" 2 "$devstate" qemu inject "$one" "$folder/nowhere" \
  -o "$folder/other.mig"
says "inject of nothing" "$folder/nowhere"
one_line "inject of nothing"

run "info of a device" 0 "$devstate" info "$folder/new.mig" --device "$second"
says "info of a device" "virtio-fs"
says "info of a device" "$second, at 0x87a73"
run "verify of a device" 0 "$devstate" verify "$folder/new.mig" \
  --device "$second"
says "verify of a device" "(state of $second at 0x87a73): whole:"
run "verify of an opaque state" 3 "$devstate" verify "$one"
says "verify of an opaque state" "$one (state of $first at 0x6b67f):0x0: not a"
one_line "verify of an opaque state"
run "verify of one among two" 2 "$devstate" verify "$two"
says "verify of one among two" "--device"
one_line "verify of one among two"
run "verify through a pipe" 0 sh -c "cat '$folder/new.mig' |
  '$devstate' verify - --device '$second'"
says "verify through a pipe" "(state of $second at 0x87a73): whole:"
run "list through a pipe" 0 bash -c "'$devstate' qemu list <(cat '$two')"
says "list through a pipe" "70001 bytes"
run "extract through a pipe" 0 sh -c "cat '$two' |
  '$devstate' qemu extract - --device '$first' -o - |
  cmp - '$data/two-devices-q35.state0'"
run "inject into a pipe" 2 sh -c "cat '$two' |
  '$devstate' qemu inject - --device '$first' '$stream' -o '$folder/other.mig'"
says "inject into a pipe" "decompress it first, to a file"
one_line "inject into a pipe"
run "verify of half a migration through a pipe" 3 sh -c "head -c 450000 '$one' |
  '$devstate' verify -"
says "verify of half a migration through a pipe" "no description of the devices"
run "verify of a stream's device" 2 "$devstate" verify "$stream" --device x
says "verify of a stream's device" "leave --device out"
one_line "verify of a stream's device"
run "verify of a stream" 0 "$devstate" verify "$stream"
run "info of a stream through a pipe" 0 sh -c "cat '$stream' | '$devstate' info -"

printf '\x89PNG\r\n\x1a\n and more of a picture' > "$folder/picture"
: > "$folder/empty"
head -c 450000 "$one" > "$folder/cut"
(cat "$one" && echo) > "$folder/longer"
for verb in "list" "extract -o $folder/none" "inject -o $folder/none"; do
  state=
  [[ $verb == inject* ]] && state=$stream
  for file in picture empty tree nowhere; do
    # shellcheck disable=SC2086 # Words of their own.
    run "$verb of $file" 2 "$devstate" qemu $verb "$folder/$file" $state
    says "$verb of $file" "devstate: $folder/$file: "
    one_line "$verb of $file"
  done
  for file in /dev/zero -; do
    # shellcheck disable=SC2086
    run "$verb of $file" 2 sh -c "true | '$devstate' qemu $verb $file $state"
    case $verb$file in
      */dev/zero) says "$verb of $file" "must be a regular file" ;;
      inject*) says "$verb of $file" "in a compressed file or a pipe" ;;
      *) says "$verb of $file" "QEMU migration file" ;;
    esac
    one_line "$verb of $file"
  done
  for file in cut longer; do
    # shellcheck disable=SC2086
    run "$verb of $file" 3 "$devstate" qemu $verb "$folder/$file" $state
    says "$verb of $file" "devstate: $folder/$file:0x"
    one_line "$verb of $file"
  done
done
run "list of a cut file" 3 "$devstate" qemu list "$folder/cut"
says "list of a cut file" "no description of the devices"
run "list of a longer file" 3 "$devstate" qemu list "$folder/longer"
says "list of a longer file" "cut it off: head -c $(wc -c < "$one")"
run "inject of an endless state" 2 \
  "$devstate" qemu inject "$one" /dev/zero -o "$folder/none"
says "inject of an endless state" "devstate: /dev/zero: a device, not a state"
one_line "inject of an endless state"
[ -e "$folder/none" ] && fail "an error left a file"
[ "$failures" = 0 ] || exit 1
echo "all held"
