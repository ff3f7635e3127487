#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs a current QEMU (11.1 or later) next to the one that most tests of
# tests/qemu take, for those between two releases. It is unpacked from Debian's
# newest suite into a folder of its own, with a script that starts it.
# Asks nothing. Needs root.

set -eu

MINIMUM=11.1
SUITE=sid
FOLDER=/opt/devstate/qemu-newest

. "$(dirname "$0")/../install_lib.sh"

set_version() {
  version=$("$FOLDER/qemu-system-x86_64" --version 2>/dev/null |
    sed -n '1s/.*version \([0-9.]*\).*/\1/p')
}

set_version
if at_least "$version" "$MINIMUM"; then
  say "QEMU $version is there; nothing to do"
  exit 0
fi
require_apt_and_root ": install QEMU $MINIMUM or later as $FOLDER/qemu-system-x86_64"
unpack_package "$SUITE" qemu-system-x86 "$FOLDER" qemu-system-x86_64 \
  usr/bin/qemu-system-x86_64 -L @/usr/share/qemu -L @/usr/share/seabios
set_version
if ! at_least "$version" "$MINIMUM"; then
  say "the packaged QEMU (${version:-none}) is older than $MINIMUM or does not start" >&2
  exit 1
fi
say "QEMU $version is installed as $FOLDER/qemu-system-x86_64"
