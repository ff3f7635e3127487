#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The runner of the stream cases finds what is wrong with an implementation.

set -u
failed=0
report=${TEST_TMPDIR}/report

# run HOW CASES [OPTION]...: runs the implementation that is wrong in this way.
run() {
  local how=$1 cases=$2
  shift 2
  cli/devstate conformance --streams conformance/streams --only "${cases}" \
    --run "python3 tests/conformance/wrong_implementation.py '${how}' \
conformance/stream_program" "$@" >"${report}" 2>&1
}

# expect NAME EXIT TEXT: checks the last run.
expect() {
  local exit=$1 text=$3
  if [[ ${exit} != "$2" ]] || ! grep --quiet -- "${text}" "${report}"; then
    echo "exit ${exit}, expected $2 and \"${text}\":"
    cat "${report}"
    failed=1
  fi
}

run 'nothing' 'order/'
expect $? 0 ' 0 failed, 0 skipped'
run 'takes everything' 'order/'
expect $? 1 'verify: said that the stream is whole'
run 'another reason' 'order/no chunk'
expect $? 1 'refused with NO_SUCH_REASON'
run 'another value' 'order/root and batch'
expect $? 1 'decode: another value: .*u32'
run 'another stream' 'order/root and batch'
expect $? 1 'encode: wrote a stream that is refused'
run 'another fingerprint' 'schema/map'
expect $? 1 'said the fingerprint is 0000'
run 'skips' 'order/root and batch'
expect $? 0 'SKIP .*order/root and batch'
run 'ends' 'order/root'
expect $? 1 'encode: the command ended without an answer'
grep --quiet '^2 cases: 0 passed, 2 failed' "${report}" || {
  echo 'it was not started again:'
  cat "${report}"
  failed=1
}
run 'talks' 'order/root'
expect $? 1 'standard output'

echo 'order/root and batch' >"${TEST_TMPDIR}/failures"
run 'another value' 'order/root and batch' --failures "${TEST_TMPDIR}/failures"
expect $? 0 'known to fail: decode: another value'
run 'nothing' 'order/root and batch' --failures "${TEST_TMPDIR}/failures"
expect $? 1 'take it out of the failure list'
echo 'no such case' >"${TEST_TMPDIR}/failures"
run 'nothing' 'order/' --failures "${TEST_TMPDIR}/failures"
expect $? 2 'no such case'
run 'nothing' 'no such case'
expect $? 2 'no case'
cli/devstate conformance --streams conformance/streams >"${report}" 2>&1
expect $? 2 '--streams and --run go together'
cli/devstate conformance --streams /nowhere --run true >"${report}" 2>&1
expect $? 2 'cases.jsonl'
exit "${failed}"
