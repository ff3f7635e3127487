#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Lints proto/ with buf and the exceptions of buf.yaml. Skipped where there is
# no buf.

set -eu

tree=$(dirname "$(readlink -f WORKSPACE)")
buf=/opt/devstate/buf/node_modules/@bufbuild/buf-linux-x64/bin/buf
[ -x "$buf" ] || buf=$(command -v buf || true)
if [ -z "$buf" ]; then
  if [ "${CI:-}" = true ]; then
    echo "no buf; tests/proto/install.sh installs one" >&2
    exit 1
  fi
  echo 'SKIPPED: no buf; tests/proto/install.sh installs one'
  exit 0
fi
HOME=$TEST_TMPDIR
export HOME
cd "$tree"
"$buf" lint
