#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs what tests/toolchains/run, tests/processors/run and tests/abi/run need.
# Asks nothing. Needs root.

set -eu

. "$(dirname "$0")/../install_lib.sh"

missing=
for tool in abidiff abidw cmake mmdebstrap ninja; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -z "$missing" ]; then
  say "abidiff, abidw, cmake, mmdebstrap and ninja are there; nothing to do"
  exit 0
fi
require_apt_and_root ": install$missing by hand"
install_packages abigail-tools cmake mmdebstrap ninja-build
