#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Fetches the source of QEMU's libvhost-user for tests/libvhost_user, out of
# Debian's source package of QEMU: the library is in no binary package. It comes
# from where this machine takes its main suite from, checked by apt as always, and
# is unpacked into a folder of its own; apt's configuration stays as it is. Asks
# nothing. Needs root.

set -eu

FOLDER=/opt/devstate/libvhost-user

. "$(dirname "$0")/../install_lib.sh"

if [ -f "$FOLDER/version" ]; then
  say "libvhost-user of QEMU $(cat "$FOLDER/version") is there; nothing to do"
  exit 0
fi
require_apt_and_root ": unpack subprojects/libvhost-user and include/ of a QEMU into $FOLDER"

source=$(main_source "unpack it by hand")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# apt downloads as a user of its own.
chmod 755 "$scratch"
mkdir -p "$scratch/lists/partial"
mkdir -m 777 "$scratch/source"
echo "deb-src $source" >"$scratch/sources.list"

source_apt() {
  apt-get -qq \
    -o Dir::Etc::SourceList="$scratch/sources.list" \
    -o Dir::Etc::SourceParts=/nonexistent \
    -o Dir::State::Lists="$scratch/lists" "$@"
}

say "fetching the source of QEMU"
source_apt update
(cd "$scratch/source" && source_apt source --download-only qemu >/dev/null)
archive=$(echo "$scratch"/source/qemu_*.orig.tar.*)
mkdir "$scratch/tree"
tar -xf "$archive" -C "$scratch/tree" --strip-components=1 --no-same-owner --wildcards \
  '*/subprojects/libvhost-user/*' '*/include/qemu/atomic.h' \
  '*/include/qemu/compiler.h' '*/include/standard-headers/*'
# Last: it says that all is there.
basename "$archive" | sed 's/^qemu_\([0-9.]*\).*/\1/' >"$scratch/tree/version"
mkdir -p "$(dirname "$FOLDER")"
rm -rf "$FOLDER"
mv "$scratch/tree" "$FOLDER"
say "libvhost-user of QEMU $(cat "$FOLDER/version") is in $FOLDER"
