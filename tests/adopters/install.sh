#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the build systems that tests/adopters/run needs, and valgrind. Asks
# nothing. Needs root.

set -eu

. "$(dirname "$0")/../install_lib.sh"

missing=
for tool in cmake make meson ninja pkg-config valgrind; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -z "$missing" ]; then
  say "cmake, make, meson, ninja, pkg-config and valgrind are there; nothing to do"
  exit 0
fi
require_apt_and_root ": install$missing by hand"
install_packages cmake make meson ninja-build pkgconf valgrind
