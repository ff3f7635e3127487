#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the formats that tests/bench/formats compares with. Asks nothing. Needs
# root.

set -eu

. "$(dirname "$0")/../install_lib.sh"

if command -v capnp >/dev/null && command -v flatc >/dev/null; then
  say "capnp and flatc are there; nothing to do"
  exit 0
fi
require_apt_and_root ": install Cap'n Proto and FlatBuffers by hand"
install_packages capnproto flatbuffers-compiler libcapnp-dev libflatbuffers-dev
