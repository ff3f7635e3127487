#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Fetches what the guest of tests/qemu is made of: Debian's kernel for virtual
# machines, those of its modules that the tests need, and a static busybox. They are
# unpacked into a folder of their own; nothing gets installed. Asks nothing. Needs
# root.

set -eu

FOLDER=/opt/devstate/guest
# In the order in which they can be loaded.
MODULES='virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci
  fuse virtiofs failover net_failover virtio_net llc stp garp mrp 8021q macvlan
  virtio_console virtio_blk'

. "$(dirname "$0")/../install_lib.sh"

complete() {
  [ -f "$FOLDER/vmlinuz" ] || return 1
  for module in $MODULES; do
    ls "$FOLDER/modules" | grep -q "^[0-9]*-$module[.]ko\$" || return 1
  done
}

if complete; then
  say "a guest is there; nothing to do"
  exit 0
fi
require_apt_and_root ", and the guest is made of Debian's packages"

apt-get -qq update
kernel=$(apt-cache show --no-all-versions linux-image-cloud-amd64 |
  sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# apt downloads as a user of its own.
chmod 755 "$scratch"
mkdir -m 777 "$scratch/packages"
say "fetching $kernel and busybox-static"
(cd "$scratch/packages" && apt-get -qq download "$kernel" busybox-static)
for package in "$scratch"/packages/*.deb; do
  dpkg-deb -x "$package" "$scratch/root"
done

guest=$scratch/guest
mkdir -p "$guest/modules"
cp "$(find "$scratch/root" -path '*bin/busybox')" "$guest/busybox"
number=0
for module in $MODULES; do
  found=$(find "$scratch/root" -name "$module.ko" -o -name "$module.ko.xz")
  number=$((number + 1))
  # In their order when sorted.
  file=$(printf '%02d-%s.ko' $number "$module")
  case $found in
    *.xz) xz -dc "$found" >"$guest/modules/$file" ;;
    *) cp "$found" "$guest/modules/$file" ;;
  esac
done
# Last: it says that all is there.
cp "$scratch"/root/boot/vmlinuz-* "$guest/vmlinuz"
mkdir -p "$(dirname "$FOLDER")"
rm -rf "$FOLDER"
mv "$guest" "$FOLDER"
chmod 755 "$FOLDER"
say "the guest is in $FOLDER"
