#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# devstate conformance --streams: what it prints and how it exits.

set -u
out=${TEST_TMPDIR}/out
failures=0

# run NAME EXIT_CODE ARGUMENT…
run() {
  local name=$1 expected=$2
  shift 2
  cli/devstate conformance "$@" >"${out}" 2>&1 </dev/null
  local code=$?
  if [[ ${code} != "${expected}" ]]; then
    echo "FAILED: ${name}: exit code ${code}, expected ${expected}"
    sed 's/^/  | /' "${out}"
    failures=$((failures + 1))
  fi
}

# says NAME TEXT
says() {
  grep --quiet --fixed-strings -- "$2" "${out}" && return
  echo "FAILED: $1: does not say \"$2\""
  sed 's/^/  | /' "${out}"
  failures=$((failures + 1))
}

cases=(--streams conformance/streams)
right=(--run conformance/stream_program)
wrong=(--run "python3 conformance/wrong_implementation.py 'another value' \
conformance/stream_program")

run right 0 "${cases[@]}" "${right[@]}" --only order/
says right 'required: '
says right ' 0 failed, 0 skipped'
run wrong 1 "${cases[@]}" "${wrong[@]}" --only 'order/root and batch'
says wrong 'FAIL  order/root and batch [required]: expected taken'
says wrong 'another value: modified: u32: 5 -> 77'
says wrong '1 cases: 0 passed, 1 failed, 0 skipped'

echo 'order/root and batch' >"${TEST_TMPDIR}/known"
run known 0 "${cases[@]}" "${wrong[@]}" --only 'order/root and batch' \
  --failures "${TEST_TMPDIR}/known"
says known 'known to fail'
run passes 1 "${cases[@]}" "${right[@]}" --only 'order/root and batch' \
  --failures "${TEST_TMPDIR}/known"
says passes 'take it out of the failure list'

run json 1 "${cases[@]}" "${wrong[@]}" --only 'order/root and' --format json
says json '"result":"fail"'
run junit 1 "${cases[@]}" "${wrong[@]}" --only 'order/root and' --format junit
says junit 'devstate streams'

run 'no command' 2 "${cases[@]}"
says 'no command' '--streams and --run go together'
run 'no folder' 2 --streams no/such/folder "${right[@]}"
says 'no folder' 'no/such/folder/schemas.jsonl'
run 'two names' 2 "${cases[@]}" "${right[@]}" --only order/,zstd/
says 'two names' 'the beginning of one name'
run 'no list' 2 "${cases[@]}" "${right[@]}" --failures no/such/list
says 'no list' 'no/such/list'
exit "$((failures != 0))"
