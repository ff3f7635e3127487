#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs a QEMU that migrates device state (8.2 or later) for tests/qemu. On
# Debian 12 that is the one in the suite bookworm-backports: this adds the suite
# to apt, from the same place that this machine takes its main suite from, and
# installs three packages. Asks nothing. Needs root.

set -eu

MINIMUM=8.2
SOURCE=/etc/apt/sources.list.d/devstate-backports.list

. "$(dirname "$0")/../install_lib.sh"

new_enough() {
  version=$(qemu-system-x86_64 --version 2>/dev/null |
    sed -n '1s/.*version \([0-9.]*\).*/\1/p')
  at_least "$version" "$MINIMUM"
}

if new_enough; then
  say "QEMU $version is there; nothing to do"
  exit 0
fi
require_apt_and_root ": install QEMU $MINIMUM or later (qemu-system-x86_64, qemu-img, iPXE's ROMs)"

. /etc/os-release
suite=
if [ "${VERSION_CODENAME:-}" = bookworm ]; then
  suite=bookworm-backports
  if ! apt-get indextargets --format '$(CODENAME)' 'Created-By: Packages' | grep -qx "$suite"; then
    source=$(main_source "add $suite by hand" "$suite")
    say "adding the suite $suite in $SOURCE"
    echo "deb $source" >"$SOURCE"
  fi
fi
say "installing QEMU"
install_packages ${suite:+-t "$suite"} qemu-system-x86 qemu-utils ipxe-qemu
if ! new_enough; then
  say "the packaged QEMU (${version:-none}) is older than $MINIMUM" >&2
  exit 1
fi
say "QEMU $version is installed"
