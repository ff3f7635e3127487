#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs DPDK's libraries, with which tests/adopters/run builds tests/dpdk. Asks
# nothing. Needs root.

set -eu

. "$(dirname "$0")/../install_lib.sh"

if pkg-config libdpdk 2>/dev/null; then
  say "DPDK $(pkg-config --modversion libdpdk) is there; nothing to do"
  exit 0
fi
require_apt_and_root ": install DPDK 22.11 or later with its vhost library"
install_packages libdpdk-dev pkgconf
say "DPDK $(pkg-config --modversion libdpdk) is installed"
