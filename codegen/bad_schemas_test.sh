#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Every schema in testdata/bad is refused, with one line that says where, what
# and how to go on. The schema's first comment is what the line must hold.

set -u

protoc=$1
plugin=${PWD}/$2
include=$3
failures=0

fail() {
  echo "FAILED: $1: $2"
  ((++failures))
}

# Runs the plugin on a schema, with the schema's own parameter, if any.
run() {
  local schema=$1 out
  out=$(mktemp -d -p "${TEST_TMPDIR}")
  parameter=$(sed -n 's|^// PARAMETER: ||p' "${schema}")
  "${protoc}" --plugin=protoc-gen-devstate="${plugin}" \
    --devstate_out="${parameter:+${parameter}:}${out}" \
    -I"${include}" -I/usr/include -I"${schema%/*}" "${schema}" 2>&1
}

count=0
for schema in codegen/testdata/bad/*.proto; do
  name=${schema##*/}
  expected=$(sed -n 's|^// ERROR: ||p' "${schema}")
  output=$(run "${schema}")
  code=$?
  ((++count))
  ((code != 0)) || fail "${name}" "accepted"
  [[ $(wc -l <<<"${output}") == 1 ]] ||
    fail "${name}" "not exactly one line: ${output}"
  [[ ${output} == *"${expected}"* ]] ||
    fail "${name}" "expected '${expected}', got '${output}'"
  # protoc puts the name of the option before an error of a plugin.
  [[ ${output#--devstate_out: } =~ ^${name}:[0-9]+:[0-9]+:\  ]] ||
    fail "${name}" "does not start with FILE:LINE:COL: ${output}"
done
((count >= 30)) || fail "testdata/bad" "only ${count} schemas"

# Not through protoc.
output=$("${plugin}" <<<"x" 2>&1)
[[ $? != 0 && ${output} == *"run it through protoc"* ]] ||
  fail "plugin alone" "${output}"

echo "${count} schemas, ${failures} failures"
((failures == 0))
