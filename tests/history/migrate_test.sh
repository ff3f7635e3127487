#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# devstate migrate between the releases of the example, and between it and the
# alternative one: verdicts as the back-ends report them.

. tests/cli/command_test_lib.sh
examples=$PWD/examples
declare -A program=(
  [v1]=$examples/fs_backend/fs_backend_v1
  [v2]=$examples/fs_backend/fs_backend_v2
  [v3]=$examples/fs_backend/fs_backend
  [alt]=$examples/fs_backend_alt/fs_backend_alt
)
moves=0

# move FROM TO EXIT_CODE VERDICT [FLAG…]: the flags are the source's. The report
# stays in $folder/out.
move() {
  local name="$1 to $2 ${*:5}" source destination code=$3 verdict=$4
  moves=$((moves + 1))
  source=source$moves destination=destination$moves
  start_backend "$source" "${program[$1]}" --shared-dir "$tree" \
    --table-out "$folder/$source.table" "${@:5}"
  start_backend "$destination" "${program[$2]}" --shared-dir "$tree" \
    --table-out "$folder/$destination.table" --await-load \
    --load-report "$folder/report"
  rm -f "$folder/report"
  run "$name" "$code" "$devstate" migrate --from "$folder/$source" \
    --to "$folder/$destination"
  cat "$folder/report" >> "$folder/out"
  says "$name" "\"verdict\":\"$verdict\""
  if [ "$verdict" = converted ] || [ "$verdict" = identical ]; then
    [ "$1" = alt ] || [ "$2" = alt ] ||
      cmp -s "$folder/$source.table" "$folder/$destination.table" ||
      fail "$name: the tables differ"
  fi
}

move v1 v3 0 converted
says "v1 to v3" field-moved
move v2 v3 0 converted --locks --change-times
move v3 v1 0 converted
move v3 v1 0 identical --save-as 1
move v3 v1 0 identical --save-as lowest
move v3 v2 0 identical --save-as lowest --locks
move v3 v1 0 lossy --change-times
says "times" '"path":"inodes.attributes.ctime_ns"'
move v3 v1 1 refused --locks
says "locks" '"path":"handles.locks"'
move v2 v1 1 refused --locks
says "locks" '"path":"handles.locks"'
move v3 alt 0 identical --locks --change-times
move alt v3 0 identical
move v1 alt 0 converted
move alt v1 0 lossy
says "alt to v1" '"path":"alt"'
move alt alt 0 identical
cmp -s "$folder/source$moves.table" "$folder/destination$moves.table" ||
  fail "alt to alt: the trees differ"

# What does not fit is refused at the save.
start_backend pinned "${program[v3]}" --shared-dir "$tree" --locks --save-as 1
run "pinned locks" 1 "$devstate" save --socket "$folder/pinned" \
  -o "$folder/pinned.dstate"
says "pinned locks" "CHECK_DEVICE_STATE"
[ -e "$folder/pinned.dstate" ] && fail "pinned locks left a file"

# Without that version there is no saving for it.
start_backend none "${program[v1]}" --shared-dir "$tree" --save-as 3
run "version of the future" 1 "$devstate" save --socket "$folder/none" \
  -o "$folder/none.dstate"

# Of whatever version a state is, virtiofsd gets the same.
for version in v1 v2 v3; do
  run "convert $version" 0 "$devstate" convert --to virtiofsd \
    "tests/golden/fs_$version.dstate" -o "$folder/$version.state"
  cmp -s "$folder/v1.state" "$folder/$version.state" ||
    fail "convert $version: the states differ"
done
for version in v2 v3; do
  run "convert locks of $version" 1 "$devstate" convert --to virtiofsd \
    "tests/golden/fs_${version}_locks.dstate" -o "$folder/locks.state"
  says "convert locks of $version" "has no place for locks"
done

stop_backends
[ "$failures" = 0 ] || exit 1
echo "all held"
