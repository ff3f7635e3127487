#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the build systems that tests/adopters/run needs. Asks nothing. Needs
# root.

set -eu

. "$(dirname "$0")/../install_lib.sh"

if command -v cmake >/dev/null && command -v meson >/dev/null &&
  command -v ninja >/dev/null && command -v pkg-config >/dev/null; then
  say "cmake, meson, ninja and pkg-config are there; nothing to do"
  exit 0
fi
require_apt_and_root ": install cmake, meson, ninja and pkg-config by hand"
apt-get install --quiet --yes --no-install-recommends \
  cmake make meson ninja-build pkgconf </dev/null
